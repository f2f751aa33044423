/**
 * The bootstrap file at the start of a node: read, checked and planned as a whole, then stored in one change. What is
 * already as the file says is not written again, so a second start and a second node with the same file change nothing.
 */
import { readFileSync, statSync } from 'node:fs';
import { bootstrap } from '../actors/management/bootstrap/bootstrap.actor.ts';
import type { Scratch, Wanted } from '../actors/management/bootstrap/plan.ts';
import { planBootstrap } from '../actors/management/bootstrap/plan.ts';
import type { PlacedRealm } from '../actors/management/bootstrap/read.ts';
import { readBootstrap } from '../actors/management/bootstrap/read.ts';
import type { UserDocument } from '../actors/management/documents/user.ts';
import type { Committed } from '../actors/security/commits.ts';
import type { Made } from '../actors/security/passwords.ts';
import { Passwords } from '../actors/security/passwords.ts';
import { PolicyInventory } from '../actors/security/policy/inventory.ts';
import { Policy } from '../actors/security/policy/policy.ts';
import { keyOf } from '../actors/security/policy/rows.ts';
import type { StoredPassword } from '../actors/security/records.ts';
import { ThreadPoolDeriver } from '../runtime/crypto/derivation.ts';
import { primitives } from '../runtime/crypto/primitives.ts';
import { readPrivateKey } from '../runtime/crypto/signing-key.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import type { BootstrapConfig } from './configuration/bootstrap.ts';
import type { Parts } from './parts.ts';

interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Undefined: there is no file. */
export function bootstrapFile(parts: Parts): ChildSpec | undefined {
  const { file } = parts.config().bootstrap;
  if (file === undefined) return undefined;
  let isApplied = false;
  return {
    id: 'bootstrap file',
    start: bootstrap({
      isReady: () => parts.security.table.isLoaded,
      isApplied: () => isApplied,
      apply: (done) =>
        void applyFile(parts, file).then(
          () => {
            isApplied = true;
            done(undefined);
          },
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        ),
    }),
  };
}

/** Nodes that start together with the same file make the same change. */
const MAX_TRIES = 10;

/** Rejects with all mistakes; then nothing was stored. */
async function applyFile(parts: Parts, file: string): Promise<void> {
  const { bootstrap: config } = parts.config();
  const read = readBootstrap(textOf(file, config), config.environment);
  if (read.kind === 'mistakes') throw mistakesIn(file, read.problems);
  for (let tries = 1; ; tries++) {
    const outcome = await applyRealms(parts, file, read.realms);
    if (outcome === undefined) return;
    const isConflict = outcome.kind === 'failed' && outcome.reason === 'conflict';
    if (!isConflict || tries >= MAX_TRIES) return told(parts, file, outcome);
  }
}

/** Undefined: all is as the file says. */
async function applyRealms(
  parts: Parts,
  file: string,
  realms: readonly PlacedRealm[],
): Promise<Committed | undefined> {
  // First without passwords: nothing is derived for a file that is wrong.
  const { problems, wanted } = planBootstrap(realms, scratchOf(parts), new Map());
  if (problems.length > 0) throw mistakesIn(file, problems);
  const passwords = await derived(parts, file, wanted);
  const { table, commits } = parts.security;
  const plan = planBootstrap(realms, scratchOf(parts), passwords);
  if (plan.problems.length > 0) throw mistakesIn(file, plan.problems);
  const { records } = plan;
  parts.log.info('bootstrap_file', { file, realms: realms.length, changes: records.length });
  if (records.length === 0) return undefined;
  const seen = new PolicyInventory(table.policy).seen(records);
  return new Promise((resolve) => commits.commit(records, resolve, { seen }));
}

function told({ audit }: Parts, file: string, committed: Committed): void {
  audit.record({
    ...{ event: 'administration', who: 'security.config_file', what: 'bootstrap', target: file },
    outcome: committed.kind === 'stored' ? 'ok' : 'failed',
    reason: committed.kind === 'failed' ? committed.message : undefined,
  });
  if (committed.kind === 'failed') {
    throw new Error(`security.config_file ${file}: ${committed.reason}: ${committed.message}`);
  }
}

function textOf(file: string, { maxBytes }: BootstrapConfig): string {
  try {
    const { size } = statSync(file);
    if (size > maxBytes) throw new Error(`it has ${size} bytes, more than ${maxBytes}`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`security.config_file ${file}: ${why}`);
  }
}

const MAX_SAID = 50;

function mistakesIn(file: string, problems: readonly Problem[]): Error {
  const lines = problems
    .slice(0, MAX_SAID)
    .map(({ path, message }) => `\n  ${path === '' ? 'the file' : path}: ${message}`);
  const more = problems.length > MAX_SAID ? `\n  and ${problems.length - MAX_SAID} more` : '';
  return new Error(
    `security.config_file ${file} was not applied, because it has mistakes:${lines.join('')}${more}`,
  );
}

/** What is known now, in a policy of its own. */
function scratchOf({ security, config }: Parts): Scratch {
  const { table, keys } = security;
  const { defaults } = config().authentication;
  const policy = new Policy(defaults);
  for (const [key, record] of table.policy.records()) {
    if (table.policy.isConfigured(key)) policy.configure(record);
    else policy.apply(record);
  }
  return {
    policy,
    inventory: new PolicyInventory(policy),
    masterRealm: config().masterRealm.uri,
    defaults,
    realmKeys: {
      read: (realm, use, pem) => {
        const key = readPrivateKey(pem, use);
        return typeof key === 'string' ? key : keys.recordOf(realm, use, key);
      },
    },
    apply: (records) => {
      // As the writer will date them, which decides what counts of names that are used anew.
      for (const record of policy.stamp(records, Date.now())) policy.apply(record);
    },
    isConfigured: (record) => policy.isConfigured(keyOf(record)),
  };
}

/** Only of passwords that are not the ones that are kept. One after the other: deriving has a place in a queue. */
async function derived(
  { config }: Parts,
  file: string,
  wanted: readonly Wanted[],
): Promise<ReadonlyMap<UserDocument, StoredPassword>> {
  const { password: limits, derivation } = config().authentication;
  const passwords = new Passwords({
    crypto: primitives,
    deriver: new ThreadPoolDeriver(() => derivation),
    limits: () => limits,
  });
  const unsuitable = wanted.flatMap(({ path, password }) => {
    const why = passwords.whyUnsuitable(password);
    return why === undefined ? [] : [{ path, message: why }];
  });
  if (unsuitable.length > 0) throw mistakesIn(file, unsuitable);
  const results = new Map<UserDocument, StoredPassword>();
  for (const { path, user, password, known, options } of wanted) {
    if (known !== undefined && (await isRight(passwords, password, known, options))) continue;
    const made = await new Promise<Made>((resolve) => passwords.make(password, options, resolve));
    if (made.kind !== 'made') {
      const why = made.kind === 'busy' ? 'hashing it took too long' : made.why;
      throw mistakesIn(file, [{ path, message: why }]);
    }
    results.set(user, made.stored);
  }
  return results;
}

function isRight(
  passwords: Passwords,
  password: string,
  known: StoredPassword,
  options: Wanted['options'],
): Promise<boolean> {
  return new Promise((resolve) =>
    passwords.verify(password, known, options, new Uint8Array(16), (verified) =>
      resolve(verified === 'right'),
    ),
  );
}
