/**
 * `link_up` and `link_down` reach every service that lives, in order, even when its mailbox is full for a moment: what
 * could not be said waits, and messages for that service wait behind it. A service that starts later asks `connected()`.
 */
import type { Target } from '../../kernel/actor.ts';
import type { PeerInput, ServiceName } from './port.ts';
import { SERVICES } from './protocol.ts';

/** Per service; a service that far behind is told nothing older. */
const MAX_PENDING = 10_000;

export class Announcements {
  readonly #resolve: (service: ServiceName) => Target<PeerInput> | undefined;
  readonly #count: (counter: string) => void;
  readonly #pending = new Map<ServiceName, PeerInput[]>();

  constructor(parts: {
    resolve(service: ServiceName): Target<PeerInput> | undefined;
    count(counter: string): void;
  }) {
    this.#resolve = (service) => parts.resolve(service);
    this.#count = (counter) => parts.count(counter);
  }

  isPending(service: ServiceName): boolean {
    return this.#pending.size > 0 && this.#pending.has(service);
  }

  tell(input: PeerInput): void {
    for (const service of SERVICES) {
      const waiting = this.#pending.get(service);
      if (waiting === undefined && this.#say(service, input)) continue;
      if (waiting === undefined) this.#pending.set(service, [input]);
      else if (waiting.push(input) > MAX_PENDING) {
        waiting.shift();
        this.#count('peer_announcements_dropped');
      }
    }
  }

  retry(): void {
    for (const [service, waiting] of this.#pending) {
      while (waiting.length > 0 && this.#say(service, waiting[0])) waiting.shift();
      if (waiting.length === 0) this.#pending.delete(service);
    }
  }

  /** False: later. */
  #say(service: ServiceName, input: PeerInput): boolean {
    return this.#resolve(service)?.cast(input) !== 'refused';
  }
}
