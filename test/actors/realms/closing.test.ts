/**
 * A realm of a hundred thousand sessions that is closed: they are told a slice in a turn, all before its group is stopped,
 * so that the node does other things in between. On the kernel's stepper, where a turn is one message.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Attendance } from '../../../actors/realms/api.ts';
import type { Dismissal } from '../../../actors/realms/api.ts';
import { keeper } from '../../../actors/realms/keeper.actor.ts';
import type { KeptRealm, WantedRealm } from '../../../actors/realms/keeper.ts';
import type { Member } from '../../../actors/routing/api.ts';
import type { Target } from '../../../runtime/kernel/actor.ts';
import { KILLED, name } from '../../../runtime/kernel/actor.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import type { Kernel } from '../../../runtime/kernel/kernel.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import type { SupervisorMessage } from '../../../runtime/kernel/supervision.ts';
import { worker } from '../../../runtime/kernel/worker.ts';

const MANY = 100_000;
/** Sessions told in a turn at most. */
const SLICE = 200;
const R = 'com.example.r';
const ROUTING = name<SupervisorMessage>('routing');
const MEMBER = {} as Member;

class Stage {
  readonly attendance = new Attendance();
  readonly kernel: Kernel;
  /** What was asked of the routers' supervisor, with how many sessions had been told. */
  readonly asked: (readonly [string, number])[] = [];
  told = 0;
  readonly #stepper = new Stepper();
  readonly #wanted = new Map<string, WantedRealm>();

  constructor() {
    const realm = { config: {} as KeptRealm['config'], since: 0 };
    this.#wanted.set(R, realm);
    const definition = keeper({
      kept: new Map<string, KeptRealm>([[R, { ...realm, phase: 'open' }]]),
      wanted: () => this.#wanted,
      supervisor: ROUTING,
      group: () => assert.fail('nothing is opened'),
      attendance: () => this.attendance,
      groupName: (uri) => name(`realm ${uri}`),
      report: () => {},
    });
    this.kernel = boot({
      root: {
        kind: 'supervisor',
        strategy: 'one_for_one',
        intensity: { restarts: 1, periodMs: 1_000 },
        children: () => [
          worker<SupervisorMessage>('routing', {
            class: 'control',
            init: (context) => {
              context.register(ROUTING);
              return { handle: (message) => this.#onAsked(message) };
            },
          }),
          worker('keeper', definition),
        ],
      },
      scheduler: this.#stepper,
      log: { crash: () => {}, event: () => {} },
    });
    this.#stepper.run();
  }

  #onAsked(message: SupervisorMessage): void {
    this.asked.push([message.kind, this.told]);
    if (message.kind === 'terminate_child' || message.kind === 'delete_child') {
      message.reply?.reply(true);
    }
  }

  enter(): void {
    const session: Target<Dismissal> = {
      cast: ({ kind }) => {
        assert.equal(kind, 'realm_closed');
        this.told++;
        return 'accepted';
      },
    };
    this.attendance.enter(session, MEMBER);
  }

  close(): void {
    this.#wanted.clear();
    this.kernel.whereis(name<{ readonly kind: 'look' }>('realm keeper'))!.cast({ kind: 'look' });
  }

  /** How many sessions a turn has told; undefined: there was none. */
  step(): number | undefined {
    const before = this.told;
    return this.#stepper.step() ? this.told - before : undefined;
  }

  run(): void {
    this.#stepper.run();
  }
}

const STOPPED = (told: number) => [
  ['terminate_child', told],
  ['delete_child', told],
];

describe('a realm with a hundred thousand sessions that is closed', () => {
  it('tells a slice of them in a turn, and is stopped when all were told', () => {
    const stage = new Stage();
    for (let i = 0; i < MANY; i++) stage.enter();
    stage.close();
    for (let told = stage.step(); told !== undefined; told = stage.step()) {
      assert(told <= SLICE, `${told} in a turn`);
    }
    assert.deepEqual(stage.asked, STOPPED(MANY));
  });

  it('tells whoever enters meanwhile at once', () => {
    const stage = new Stage();
    for (let i = 0; i < 2 * SLICE; i++) stage.enter();
    stage.close();
    stage.step();
    assert.equal(stage.told, SLICE);
    stage.enter();
    assert.equal(stage.told, SLICE + 1);
    stage.run();
    assert.deepEqual(stage.asked, STOPPED(2 * SLICE + 1));
  });

  it('tells the rest when the keeper is killed in between', () => {
    const stage = new Stage();
    for (let i = 0; i < 3 * SLICE; i++) stage.enter();
    stage.close();
    stage.step();
    assert(stage.kernel.exit('root/keeper', KILLED));
    stage.run();
    assert.deepEqual(stage.asked, STOPPED(3 * SLICE));
  });
});
