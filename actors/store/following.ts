/**
 * A prefix that an actor follows: every change from each partition, and all rows anew when it begins to, which is again
 * after a partition ended. The store starts after those who follow it, so they look for it when it is ready.
 */
import type { Context, Target } from '../../runtime/kernel/actor.ts';
import type { ChangeMessage } from './api.ts';
import { partitionName } from './api.ts';
import type { StoreState } from './state.ts';
import type { Store } from './store.ts';

interface Look {
  readonly kind: 'look';
}

type Follower = Pick<Context<Look>, 'whereis' | 'monitor' | 'demonitor' | 'after' | 'own'>;

const LOOK_AGAIN_MS = 200;

export class Following {
  readonly #context: Follower;
  readonly #store: Pick<Store, 'partitions' | 'subscribe'>;
  readonly #state: Pick<StoreState, 'isReady'>;
  readonly #prefix: string;
  readonly #target: Target<ChangeMessage>;
  readonly #monitors = new Set<number>();
  #isActive = false;

  /** `mailbox`: the follower's, who is to answer a `look` with one. */
  constructor(
    context: Follower,
    store: Pick<Store, 'partitions' | 'subscribe'>,
    state: Pick<StoreState, 'isReady' | 'onAdvance'>,
    prefix: string,
    mailbox: Target<ChangeMessage> & { admit(message: Look): unknown },
  ) {
    this.#context = context;
    this.#store = store;
    this.#state = state;
    this.#prefix = prefix;
    this.#target = mailbox;
    const undo = state.onAdvance(() => {
      if (!this.#isActive && state.isReady) mailbox.admit({ kind: 'look' });
    });
    context.own({ close: undo });
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  /** True: changes are told from now on, and what is there is to be read. */
  look(): boolean {
    if (this.#isActive || !this.#state.isReady) return false;
    for (const monitor of this.#monitors) this.#context.demonitor(monitor);
    this.#monitors.clear();
    for (let index = 0; index < this.#store.partitions; index++) {
      const partition = this.#context.whereis(partitionName(index));
      if (partition === undefined) {
        this.#context.after(LOOK_AGAIN_MS, { kind: 'look' });
        return false;
      }
      this.#monitors.add(this.#context.monitor(partition));
    }
    this.#isActive = true;
    this.#store.subscribe(this.#context, this.#prefix, this.#target);
    return true;
  }

  /** A partition ended: when it is back it has perhaps other rows. */
  onDown(): void {
    if (!this.#isActive) return;
    this.#isActive = false;
    this.#context.after(LOOK_AGAIN_MS, { kind: 'look' });
  }
}
