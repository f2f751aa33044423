/** Who hears of changes. A subscriber whose mailbox is full loses changes, is told so, and reads again. */
import type { Target } from '../../runtime/kernel/actor.ts';
import type { Change, ChangeMessage, PartitionMessage } from './api.ts';
import type { StoreCounter } from './port.ts';

type Subscription = Pick<Extract<PartitionMessage, { kind: 'subscribe' }>, 'prefix' | 'target'>;

interface Subscriber {
  readonly target: Target<ChangeMessage>;
  hasLost: boolean;
}

export class Subscribers {
  readonly #byPrefix = new Map<string, Subscriber[]>();
  readonly #count: (what: StoreCounter) => void;

  constructor(count: (what: StoreCounter) => void) {
    this.#count = count;
  }

  /** `isLate`: something has changed since it asked, which it may not have read. */
  add({ prefix, target }: Subscription, isLate: boolean): void {
    const all = this.#byPrefix.get(prefix) ?? [];
    this.#byPrefix.set(prefix, all);
    let subscriber = all.find((known) => known.target === target);
    if (!subscriber) all.push((subscriber = { target, hasLost: false }));
    if (isLate) this.#tellLost(prefix, subscriber);
  }

  remove(prefix: string, target: Target<ChangeMessage>): void {
    const rest = this.#byPrefix.get(prefix)?.filter((known) => known.target !== target) ?? [];
    if (rest.length === 0) this.#byPrefix.delete(prefix);
    else this.#byPrefix.set(prefix, rest);
  }

  tell(change: Change): void {
    for (const subscriber of this.#byPrefix.get(change.prefix) ?? []) {
      if (subscriber.hasLost) this.#tellLost(change.prefix, subscriber);
      const delivery = subscriber.hasLost ? 'refused' : subscriber.target.cast(change);
      if (delivery === 'accepted') continue;
      if (delivery === 'dead') this.remove(change.prefix, subscriber.target);
      else {
        subscriber.hasLost = true;
        this.#count('store_changes_dropped');
      }
    }
  }

  #tellLost(prefix: string, subscriber: Subscriber): void {
    const lost = { kind: 'store_changes_lost', prefix } as const;
    subscriber.hasLost = subscriber.target.cast(lost) === 'refused';
  }
}
