/**
 * Two nodes change the same rows: what the other one wrote is found before the first row is put, though the policy has not
 * heard of it, and if it comes later still, the answer says what is stored. On the kernel's stepper, with a store by hand.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Committed } from '../../../actors/security/commits.ts';
import { PolicyInventory } from '../../../actors/security/policy/inventory.ts';
import { Policy } from '../../../actors/security/policy/policy.ts';
import { encodeRecord, keyOf } from '../../../actors/security/policy/rows.ts';
import type { SecurityRecord } from '../../../actors/security/records.ts';
import { SecurityTable } from '../../../actors/security/table.ts';
import type { WriterMessage } from '../../../actors/security/writer.actor.ts';
import { writer } from '../../../actors/security/writer.actor.ts';
import type { PutOutcome, PutValue } from '../../../actors/store/api.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import { Mailbox } from '../../../runtime/kernel/mailbox.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import { worker } from '../../../runtime/kernel/worker.ts';
import { realm, user } from './policy/records.ts';

class Stage {
  readonly rows = new Map<string, Uint8Array>();
  /** Before a row is put. */
  beforePut = (_key: string): void => {};
  readonly #policy = new Policy();
  readonly #mailbox = new Mailbox<WriterMessage>({ limit: 10, onFull: 'refuse' });
  readonly #stepper = new Stepper();

  constructor(...known: readonly SecurityRecord[]) {
    for (const record of known) {
      this.hear(record);
      this.#policy.apply(record);
    }
    const table = new SecurityTable(this.#policy);
    const definition = writer({
      table,
      mailbox: this.#mailbox,
      store: {
        get: (_prefix, key) => this.rows.get(key),
        put: (context, _prefix, key, value, deliver) => {
          context.self.cast(deliver({ kind: 'reply', value: this.#put(key, value) }));
        },
      },
      keyFor: () => assert.fail('no realm begins'),
      count: () => {},
    });
    boot({
      root: {
        kind: 'supervisor',
        strategy: 'one_for_one',
        intensity: { restarts: 1, periodMs: 1_000 },
        children: () => [
          worker('writer', {
            ...definition,
            init: (context) => {
              table.claim(context).loaded();
              return definition.init(context);
            },
          }),
        ],
      },
      scheduler: this.#stepper,
      log: { crash: () => {}, event: () => {} },
    });
    this.#stepper.run();
  }

  /** Of another node; the policy comes to know it later. */
  hear(record: SecurityRecord): void {
    this.rows.set(keyOf(record), encodeRecord(record));
  }

  commit(...records: readonly SecurityRecord[]): Committed {
    const outcomes: Committed[] = [];
    const seen = new PolicyInventory(this.#policy).seen(records);
    const done = (outcome: Committed): void => void outcomes.push(outcome);
    this.#mailbox.cast({ kind: 'commit', records, seen, done });
    this.#stepper.run();
    assert.equal(outcomes.length, 1, 'answered once');
    return outcomes[0]!;
  }

  #put(key: string, value: PutValue): PutOutcome {
    this.beforePut(key);
    const before = this.rows.get(key);
    const now = typeof value === 'function' ? value(before) : value;
    if (now) this.rows.set(key, now);
    const dot = { partition: 0, actor: 'a', sequence: 1 };
    return { kind: 'stored', dot, before, context: [] as never };
  }
}

const [ann, bob] = [user('ann'), user('bob')];
const theirs = { ...bob, enabled: false };
const mine = [ann, bob].map((each) => ({ ...each, meta: { mine: true } }));

describe('a change of which another node has changed a row', () => {
  it('is refused before its first row is put, though the policy has not heard of it', () => {
    const stage = new Stage(realm(), ann, bob);
    stage.hear(theirs);
    const before = new Map(stage.rows);
    const message = `${keyOf(bob)} was changed by somebody else meanwhile`;
    const refused = { kind: 'failed', reason: 'conflict', message, stored: [] };
    assert.deepEqual(stage.commit(...mine), refused);
    assert.deepEqual(stage.rows, before);
  });

  it('while it is put leaves that row as it is, and its answer says which are stored', () => {
    const stage = new Stage(realm(), ann, bob);
    stage.beforePut = (key) => key === keyOf(bob) && stage.hear(theirs);
    const outcome = stage.commit(...mine);
    const message =
      `${keyOf(bob)} was changed by somebody else meanwhile; ` +
      `of the same change are stored: ${keyOf(ann)}`;
    const stored = [keyOf(ann)];
    assert.deepEqual(outcome, { kind: 'failed', reason: 'conflict', message, stored });
    assert.deepEqual(stage.rows.get(keyOf(bob)), encodeRecord(theirs));
  });
});
