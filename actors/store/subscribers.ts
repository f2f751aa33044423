/** Who hears of changes. A subscriber whose mailbox is full loses changes, is told so, and reads again. */
import type { Target } from '../../runtime/kernel/actor.ts';
import type { Change, ChangeMessage } from './api.ts';
import type { StoreCounter } from './port.ts';

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

  add(prefix: string, target: Target<ChangeMessage>): void {
    const all = this.#byPrefix.get(prefix) ?? [];
    this.#byPrefix.set(prefix, all);
    if (!all.some((known) => known.target === target)) all.push({ target, hasLost: false });
  }

  remove(prefix: string, target: Target<ChangeMessage>): void {
    const rest = this.#byPrefix.get(prefix)?.filter((known) => known.target !== target) ?? [];
    if (rest.length === 0) this.#byPrefix.delete(prefix);
    else this.#byPrefix.set(prefix, rest);
  }

  tell(change: Change): void {
    for (const subscriber of this.#byPrefix.get(change.prefix) ?? []) {
      if (subscriber.hasLost) {
        const lost = { kind: 'store_changes_lost', prefix: change.prefix } as const;
        subscriber.hasLost = subscriber.target.cast(lost) === 'refused';
      }
      const delivery = subscriber.hasLost ? 'refused' : subscriber.target.cast(change);
      if (delivery === 'accepted') continue;
      if (delivery === 'dead') this.remove(change.prefix, subscriber.target);
      else {
        subscriber.hasLost = true;
        this.#count('store_changes_dropped');
      }
    }
  }
}
