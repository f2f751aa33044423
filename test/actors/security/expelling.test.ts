/**
 * Who must leave a realm of a hundred thousand sessions: gone through in slices, so that the node does other things in
 * between, and answered when all were told. On the kernel's stepper, where a turn is one message.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Attendance } from '../../../actors/realms/api.ts';
import type { Dismissal } from '../../../actors/realms/api.ts';
import type { Member } from '../../../actors/routing/api.ts';
import { encodeRecord, keyOf } from '../../../actors/security/policy/rows.ts';
import type { SecurityRecord } from '../../../actors/security/records.ts';
import { SECURITY } from '../../../actors/security/records.ts';
import { security } from '../../../actors/security/security.actor.ts';
import { SECURITY_ACTOR } from '../../../actors/security/services.ts';
import type { SecurityMessage } from '../../../actors/security/services.ts';
import { SecurityTable } from '../../../actors/security/table.ts';
import type { ReplyTo, Target } from '../../../runtime/kernel/actor.ts';
import { KILLED } from '../../../runtime/kernel/actor.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import type { Kernel } from '../../../runtime/kernel/kernel.ts';
import { Mailbox } from '../../../runtime/kernel/mailbox.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import { worker } from '../../../runtime/kernel/worker.ts';
import { PASSWORD, R, realm, user } from './policy/records.ts';

const MANY = 100_000;
/** Sessions looked at in a turn at most. */
const SLICE = 200;

const ann = user('ann', { password: PASSWORD, passwordAt: 1 });

class Stage {
  readonly stepper = new Stepper();
  readonly kernel: Kernel;
  readonly attendance = new Attendance();
  /** By the session's number: why it must leave, as often as it was told. */
  readonly told = new Map<number, string[]>();
  readonly counted = new Map<string, number>();
  readonly #rows = new Map<string, Uint8Array>();
  readonly #mailbox = new Mailbox<SecurityMessage>({ limit: 1_000, onFull: 'refuse' });
  #sessions = 0;

  constructor() {
    for (const record of [realm(), ann]) this.#rows.set(keyOf(record), encodeRecord(record));
    const definition = security({
      table: new SecurityTable(),
      mailbox: this.#mailbox,
      store: {
        partitions: 0,
        subscribe: () => {},
        entries: () => [...this.#rows].map(([key, value]) => ({ key, value })).values(),
        get: (_prefix, key) => this.#rows.get(key),
      },
      state: { isReady: true, onAdvance: () => () => {} },
      realms: {
        lookup: (uri) => (uri === R ? { attendance: this.attendance } : undefined),
        all: () => [],
      },
      keeper: () => undefined,
      count: (counter, by = 1) => {
        this.counted.set(counter, (this.counted.get(counter) ?? 0) + by);
      },
    });
    this.kernel = boot({
      root: {
        kind: 'supervisor',
        strategy: 'one_for_one',
        intensity: { restarts: 1, periodMs: 1_000 },
        children: () => [worker('policy', definition)],
      },
      scheduler: this.stepper,
      log: { crash: () => {}, event: () => {} },
    });
    this.stepper.run();
  }

  enter(): { readonly number: number; readonly session: Target<Dismissal> } {
    const number = ++this.#sessions;
    const session: Target<Dismissal> = {
      cast: (dismissal) => {
        const why = dismissal.kind === 'goodbye' ? dismissal.reason : dismissal.kind;
        this.told.set(number, [...(this.told.get(number) ?? []), why]);
        return 'accepted';
      },
    };
    const subject = { username: 'ann', groups: undefined };
    this.attendance.enter(session, { id: number, subject, authmethod: 'password' } as Member);
    return { number, session };
  }

  change(record: SecurityRecord): void {
    const [key, value] = [keyOf(record), encodeRecord(record)];
    this.#rows.set(key, value);
    const change = { prefix: SECURITY, key, value, before: undefined, source: 'local' } as const;
    this.#mailbox.cast({ kind: 'store_change', ...change });
  }

  /** Counts the turns until everything before is in force. */
  sync(eachTurn: (turn: number) => void = () => {}): number {
    let isDone = false;
    const reply: ReplyTo<void> = { reply: () => void (isDone = true) } as ReplyTo<void>;
    this.kernel.whereis(SECURITY_ACTOR)!.cast({ kind: 'sync', reply });
    for (let turn = 1; ; turn++) {
      assert(this.stepper.step(), 'nobody answers');
      eachTurn(turn);
      if (isDone) return turn;
    }
  }
}

describe('a user with a hundred thousand sessions that is disabled', () => {
  it('is sent home a slice in a turn, all of them before it is answered', () => {
    const stage = new Stage();
    for (let i = 0; i < MANY; i++) stage.enter();
    stage.change({ ...ann, enabled: false });
    let before = 0;
    const turns = stage.sync(() => {
      const now = stage.told.size;
      assert(now - before <= SLICE, `${now - before} in a turn`);
      before = now;
    });
    assert(turns >= MANY / SLICE);
    assert.equal(stage.told.size, MANY);
    assert([...stage.told.values()].every((why) => why.join() === 'bondy.user.disabled'));
    assert.equal(stage.counted.get('sessions_expelled'), MANY);
    assert.equal(stage.sync(), 1, 'nothing is left to be acted upon');
  });

  it('is asked for once when the next change comes meanwhile, which is answered after it', () => {
    const stage = new Stage();
    for (let i = 0; i < 3 * SLICE; i++) stage.enter();
    stage.change({ ...ann, enabled: false });
    stage.stepper.step();
    stage.stepper.step();
    assert.equal(stage.told.size, SLICE);
    stage.change({ ...ann, held: false });
    stage.sync();
    assert([...stage.told.values()].every(([first]) => first === 'bondy.user.disabled'));
    assert([...stage.told.values()].every(([, second]) => second === 'bondy.user.deleted'));
  });

  it('does not take along who came in meanwhile, when it may enter again', () => {
    const stage = new Stage();
    for (let i = 0; i < 3 * SLICE; i++) stage.enter();
    stage.change({ ...ann, passwordAt: 2 });
    stage.stepper.step();
    stage.stepper.step();
    const late = stage.enter();
    stage.sync();
    assert.equal(stage.told.size, 3 * SLICE);
    assert(!stage.told.has(late.number));
  });

  it('is not told who has left meanwhile', () => {
    const stage = new Stage();
    const all = Array.from({ length: 2 * SLICE }, () => stage.enter());
    stage.change({ ...ann, enabled: false });
    stage.stepper.step();
    stage.stepper.step();
    const last = all.at(-1)!;
    stage.attendance.leave(last.session);
    stage.sync();
    assert(!stage.told.has(last.number));
  });

  it('is sent home to the last session although the actor dies in the middle', () => {
    const stage = new Stage();
    for (let i = 0; i < 10 * SLICE; i++) stage.enter();
    stage.change({ ...ann, enabled: false });
    for (let i = 0; i < 4; i++) stage.stepper.step();
    assert(stage.told.size < 10 * SLICE);
    assert(stage.kernel.exit('root/policy', KILLED));
    stage.stepper.run();
    assert.equal(stage.told.size, 10 * SLICE);
    stage.sync();
  });
});
