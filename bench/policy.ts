/**
 * Decisions about who may do what: remembered per session, and made anew among 10,000 grants; and what 100,000 users cost.
 * Times are of the processor.
 *
 *     node --expose-gc --import tsx bench/policy.ts
 */
import type { Member } from '../actors/routing/api.ts';
import { Reviewing } from '../actors/routing/reviewing.ts';
import { PolicyAuthorizer } from '../actors/security/authorizer.ts';
import { Policy } from '../actors/security/policy/policy.ts';
import { decodeRecord, encodeRecord, keyOf } from '../actors/security/policy/rows.ts';
import type { GrantRecord, SecurityRecord } from '../actors/security/records.ts';
import { realmRecord } from '../test/support/security.ts';

const REALM = 'com.example';
const USERS = 100_000;
const GRANTS = 10_000;
const GROUPS = 100;
const FACT = { held: true, at: 1 };
const MATCHES = ['exact', 'prefix', 'wildcard'] as const;

function* records(): Iterable<SecurityRecord> {
  yield realmRecord(REALM);
  for (let i = 0; i < GROUPS; i++) {
    yield { kind: 'group', ...FACT, since: 0, realm: REALM, name: `group${i}`, meta: {} };
    // A chain of ten each.
    if (i % 10 > 0) yield memberOf('group', `group${i}`, `group${i - 1}`);
  }
  for (let i = 0; i < USERS; i++) {
    const username = `user${i}`;
    yield {
      kind: 'user',
      ...FACT,
      since: 0,
      realm: REALM,
      username,
      enabled: true,
      ssoRealmUri: null,
      meta: { name: `User ${i}` },
      password: {
        hash: `$argon2id$v=19$m=65536,t=3,p=4$${'c2FsdHNhbHRzYWx0'}$${`${i}`.padEnd(43, 'h')}`,
        scram: null,
        cra: null,
      },
      passwordAt: 1,
    };
    yield memberOf('user', username, `group${i % GROUPS}`);
  }
  // All of them in one role: the worst case for a decision.
  for (let i = 0; i < GRANTS; i++) yield grantOf(i);
}

function grantOf(i: number): GrantRecord {
  const match = MATCHES[i % 3]!;
  const uri = {
    exact: `com.shop${i % 97}.branch${i}.get`,
    prefix: `com.shop${i % 97}.device${i}.`,
    wildcard: `com..sensor${i}.`,
  }[match];
  const role = 'group/group0';
  return { kind: 'grant', ...FACT, realm: REALM, role, permission: 'wamp.call', uri, match };
}

function memberOf(of: 'user' | 'group', member: string, group: string): SecurityRecord {
  return { kind: 'membership', ...FACT, realm: REALM, of, member, group };
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Of this process, so that others on the machine count less. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function report(what: string, value: string): void {
  console.log(`${what.padEnd(60)} ${value}`);
}

/** As they come from the store: bytes. */
function benchLoad(): Policy {
  const rows = [...records()].map((record) => [keyOf(record), encodeRecord(record)] as const);
  const policy = new Policy();
  const before = heapUsed();
  const started = cpuMs();
  for (const [key, bytes] of rows) {
    const record = decodeRecord(key, bytes);
    if (!('kind' in record)) throw new Error(record.reason);
    policy.apply(record);
  }
  const took = cpuMs() - started;
  const bytes = heapUsed() - before;
  report(`${rows.length} rows read and applied`, `${(took / 1000).toFixed(2)} s`);
  report(
    'their heap',
    `${(bytes / 2 ** 20).toFixed(0)} MiB, ${Math.round(bytes / USERS)} B per user`,
  );
  return policy;
}

function timed(what: string, rounds: number, decide: (i: number) => boolean): void {
  let allowed = 0;
  for (let i = 0; i < rounds / 4; i++) if (decide(i)) allowed++;
  const runs = [1, 2, 3, 4, 5].map(() => {
    const started = cpuMs();
    for (let i = 0; i < rounds; i++) if (decide(i)) allowed++;
    return ((cpuMs() - started) * 1e6) / rounds;
  });
  const [best, , median, , worst] = runs.sort((a, b) => a - b);
  if (allowed === 0) throw new Error('nothing was allowed');
  report(
    what,
    `${median!.toFixed(0)} ns (${best!.toFixed(0)}-${worst!.toFixed(0)}), ${(1000 / median!).toFixed(2)} M/s`,
  );
}

const policy = benchLoad();
const authorizer = new PolicyAuthorizer(REALM, policy);
const members = Array.from({ length: 1_000 }, (_, i) => sessionOf(`user${i * 10}`));
const uris = Array.from({ length: 16 }, (_, i) => `com.shop${(i * 3) % 97}.branch${i * 3}.get`);
timed('remembered, one session, 16 URIs', 1_000_000, (i) =>
  authorizer.mayI(members[0]!, 'call', uris[i & 15]!, 'exact'),
);
timed('remembered, 1,000 sessions, 16 URIs each', 1_000_000, (i) =>
  authorizer.mayI(members[i % 1_000]!, 'call', uris[i & 15]!, 'exact'),
);
const nine = { username: 'user9', groups: undefined }; // in a chain of ten groups
const ask = (uri: string): boolean => policy.allows(REALM, nine, 'wamp.call', uri, 'exact');
timed('anew, exact, ten groups deep', 100_000, (i) => ask(uris[i & 15]!));
timed('anew, by a prefix', 100_000, (i) =>
  ask(`com.shop${(3 * (i & 15) + 1) % 97}.device${3 * (i & 15) + 1}.x`),
);
timed('anew, by a wildcard', 100_000, (i) => ask(`com.any.sensor${3 * (i & 15) + 2}.x`));
timed('anew, refused for every other', 100_000, (i) =>
  ask(i & 1 ? uris[i & 15]! : 'com.shop1.other.thing'),
);
const right = grantOf(0);
timed('a grant taken back and given again, and a decision anew', 10_000, (i) => {
  policy.apply({ ...right, held: i % 2 === 1 });
  return ask(uris[1]!);
});

benchReview();

/** What a session holds is gone through after each change of decisions, 200 of it in a turn. */
function benchReview(): void {
  const held = Array.from({ length: 100 }, (_, i) => ({
    ...{ id: i, uri: uris[i & 15]!, match: 'exact' as const },
  }));
  let turns = 0;
  let waits = false;
  let revoked = 0;
  const reviewing = new Reviewing({
    members: new Map(members.map((member, i) => [i, member])),
    authorizer,
    registrationsOf: () => [],
    subscriptionsOf: () => held,
    revokeRegistration: () => {},
    revokeSubscription: () => void revoked++,
    later: () => (waits = true),
  });
  const started = cpuMs();
  reviewing.begin();
  for (turns = 1; waits; turns++) {
    waits = false;
    reviewing.step();
  }
  const took = cpuMs() - started;
  report(
    'what 1,000 sessions hold, 100 subscriptions each, reviewed',
    `${took.toFixed(0)} ms in ${turns} turns, ${((took * 1e6) / 100_000).toFixed(0)} ns each, ${revoked} revoked`,
  );
}

function sessionOf(authid: string): Member {
  return { authid, authrole: 'all', authmethod: 'ticket', authextra: {} } as unknown as Member;
}
