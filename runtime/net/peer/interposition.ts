/**
 * The hook between services and the network, for tests: what passes can be seen, dropped, delayed, doubled or changed,
 * per peer, channel and service. The same type on sockets and in the simulator. Without a hook it costs one comparison.
 */
import type { ChannelName, ServiceName } from './port.ts';

export interface Passing {
  /** `out`: a service sends it; `in`: it is about to reach one. */
  readonly direction: 'out' | 'in';
  /** The other node's name. */
  readonly peer: string;
  readonly channel: ChannelName;
  readonly service: ServiceName;
  readonly body: Uint8Array;
}

export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'drop' }
  /** Later messages may overtake it. */
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'duplicate'; readonly times: number }
  | { readonly kind: 'rewrite'; readonly body: Uint8Array };

export type Interposition = (passing: Passing) => Verdict;

export const PASS: Verdict = { kind: 'pass' };

export class Interpositions {
  #hooks: readonly Interposition[] = [];

  get isEmpty(): boolean {
    return this.#hooks.length === 0;
  }

  /** Asked in the order in which they came; returns the undo. */
  use(hook: Interposition): () => void {
    this.#hooks = [...this.#hooks, hook];
    return () => void (this.#hooks = this.#hooks.filter((other) => other !== hook));
  }

  /** Runs `emit` as often, as late and with what the hooks say. Bodies given twice are copies. */
  pass(
    passing: Passing,
    emit: (body: Uint8Array) => void,
    after: (ms: number, run: () => void) => void,
  ): void {
    let { body } = passing;
    let times = 1;
    let delayMs = 0;
    for (const hook of this.#hooks) {
      const verdict = hook({ ...passing, body });
      switch (verdict.kind) {
        case 'pass':
          break;
        case 'drop':
          return;
        case 'delay':
          delayMs += verdict.ms;
          break;
        case 'duplicate':
          times *= verdict.times;
          break;
        case 'rewrite':
          body = verdict.body;
          break;
        default:
          never(verdict);
      }
    }
    for (let i = 0; i < times; i++) {
      const own = i === 0 ? body : new Uint8Array(body);
      if (delayMs > 0) after(delayMs, () => emit(own));
      else emit(own);
    }
  }
}

function never(verdict: never): never {
  throw new Error(`unexpected verdict ${JSON.stringify(verdict)}`);
}
