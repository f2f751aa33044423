/** The admin API over a real policy, with a writer that stores in memory. */
import assert from 'node:assert/strict';
import type { ApiCall, ApiError, ApiOutcome, Caller } from '../../../actors/management/api.ts';
import { MANAGEMENT_DEFAULTS } from '../../../actors/management/config.ts';
import { ManagementApi } from '../../../actors/management/management.ts';
import type { ManagementPorts } from '../../../actors/management/ports.ts';
import { operationTable } from '../../../actors/management/table.ts';
import { PolicyInventory } from '../../../actors/security/policy/inventory.ts';
import { Policy } from '../../../actors/security/policy/policy.ts';
import { decodeRecord, encodeRecord, keyOf } from '../../../actors/security/policy/rows.ts';
import { DEFAULT_POLICY } from '../../../actors/security/policy/view.ts';
import type { SecurityRecord, StoredPassword } from '../../../actors/security/records.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import type { Dict, Value } from '../../../runtime/wamp/message.ts';
import { realmRecord } from '../../support/security.ts';

export const MASTER = 'com.leapsight.bondy';
export const ROOT: Caller = {
  realm: MASTER,
  username: 'root-user',
  isMaster: true,
  isAuthorized: true,
};

export class World {
  readonly policy = new Policy();
  readonly events: (readonly [realm: string, topic: string, args: readonly Value[]])[] = [];
  readonly audited: string[] = [];
  readonly api: ManagementApi;
  now = 1_000;
  /** Told to writers instead of storing. */
  broken: string | undefined;

  constructor(ports: Partial<ManagementPorts> = {}) {
    this.store([realmRecord(MASTER)]);
    this.api = new ManagementApi(
      operationTable({ masterRealm: MASTER, defaults: DEFAULT_POLICY }),
      {
        policy: this.policy,
        inventory: new PolicyInventory(this.policy),
        writer: {
          commit: (records, _options, done) => {
            if (this.broken !== undefined) {
              return done({ kind: 'failed', reason: 'store', message: this.broken, stored: [] });
            }
            this.store(records);
            done({ kind: 'stored' });
          },
        },
        passwords: {
          make: (password, _options, done) =>
            done(
              password.length < 6
                ? { kind: 'unsuitable', why: 'has less than 6 characters' }
                : { kind: 'made', stored: hashed(password) },
            ),
          verify: (password, stored, _options, done) =>
            done(stored.hash === hashed(password).hash ? 'right' : 'wrong'),
        },
        realmKeys: { read: () => 'is no private key' },
        meta: { ask: () => assert.fail('no router here') },
        cluster: undefined,
        tickets: undefined,
        backup: undefined,
        store: undefined,
        metrics: (done) => done(''),
        announce: (...event) => this.events.push(event),
        count: () => undefined,
        audit: {
          refusal: undefined,
          record: (_caller, uri, target, error) =>
            this.audited.push(`${uri} ${target} ${error?.code ?? 'ok'}`),
        },
        ...ports,
      },
      MANAGEMENT_DEFAULTS,
    );
  }

  /** As a store would: every record makes the way through its bytes. */
  store(records: readonly SecurityRecord[]): void {
    for (const record of this.policy.stamp(records, this.now++)) {
      const key = keyOf(record);
      const read = decodeRecord(key, encodeRecord(record));
      assert(!(read instanceof Malformed), `${key}: ${String(read)}`);
      this.policy.apply(read);
    }
  }

  ask(call: Partial<ApiCall> & Pick<ApiCall, 'uri'>): ApiOutcome {
    let outcome: ApiOutcome | undefined;
    this.api.call({ caller: ROOT, args: [], kwargs: {}, ...call }, (answer) => {
      assert.equal(outcome, undefined, 'answered twice');
      outcome = answer;
    });
    assert(outcome, 'not answered');
    return outcome;
  }

  /** The first result; throws what it is refused with. */
  ok(
    uri: string,
    args: readonly Value[] = [],
    kwargs: Dict = {},
    caller = ROOT,
  ): Value | undefined {
    const outcome = this.ask({ uri, args, kwargs, caller });
    if (outcome.kind === 'error') assert.fail(`${uri}: ${JSON.stringify(outcome.error)}`);
    return outcome.args[0];
  }

  refused(uri: string, args: readonly Value[] = [], kwargs: Dict = {}, caller = ROOT): ApiError {
    const before = this.snapshot();
    const outcome = this.ask({ uri, args, kwargs, caller });
    if (outcome.kind === 'result') assert.fail(`${uri} went well`);
    assert.deepEqual(this.snapshot(), before, 'a refusal changes nothing');
    return outcome.error;
  }

  snapshot(): unknown {
    return {
      rows: [...this.policy.records()].map(([key, record]) => [key, { ...record }]),
      events: [...this.events],
    };
  }
}

function hashed(password: string): StoredPassword {
  return { hash: `hash of ${password}`, scram: null, cra: null };
}
