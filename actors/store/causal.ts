/**
 * Causality across channels. A message that is relayed says which puts its sender had seen (as what is new since the last
 * message on that link, so that it is small); the receiver acts on it when it has applied them, pulling what it lacks. A
 * session takes along what it has written and seen as a token, also through a reconnect to another node.
 */
import { decodeDots, encodeDots } from '../../runtime/causality/dots-codec.ts';
import type { Dots } from '../../runtime/causality/store-clock.ts';
import { StoreClock } from '../../runtime/causality/store-clock.ts';
import { ByteReader, ByteWriter } from '../../runtime/structures/bytes.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { StoreDot } from './api.ts';
import type { StoreState } from './state.ts';

/** Puts by partition; partitions without any may be left out. */
export type CausalClock = ReadonlyMap<number, Dots>;

const FORMAT = 1;
const MAX_CLOCK_BYTES = 64 * 1024;

export function encodeCausal(clock: CausalClock): Uint8Array {
  const writer = new ByteWriter().byte(FORMAT).integer(clock.size);
  for (const [partition, dots] of [...clock].sort(([a], [b]) => a - b)) {
    writer.integer(partition).bytes(encodeDots(dots));
  }
  return writer.finish();
}

/** From a peer or a client: bounded. */
export function decodeCausal(bytes: Uint8Array, partitions: number): CausalClock | Malformed {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== FORMAT) return new Malformed('unknown format of a causal clock');
  const clock = new Map<number, Dots>();
  for (let left = reader.count(partitions, 2); left > 0 && !reader.hasFailed; left--) {
    const partition = reader.integer(partitions - 1);
    const dots = decodeDots(reader.bytes(MAX_CLOCK_BYTES));
    if (dots instanceof Malformed) return dots;
    clock.set(partition, dots);
  }
  return reader.fault ?? clock;
}

/** What a session has written and seen. Small: the dots of its own puts, and clocks it was given. */
export class SessionClock {
  readonly #clocks = new Map<number, StoreClock>();

  wrote({ partition, actor, sequence }: StoreDot): void {
    this.#of(partition).add({ actor, sequence });
  }

  saw(clock: CausalClock): void {
    for (const [partition, dots] of clock) this.#of(partition).addAll(dots);
  }

  get clock(): CausalClock {
    return new Map([...this.#clocks].map(([partition, { dots }]) => [partition, dots]));
  }

  #of(partition: number): StoreClock {
    const known = this.#clocks.get(partition) ?? new StoreClock();
    this.#clocks.set(partition, known);
    return known;
  }
}

export type Applied = 'applied' | 'late';

interface Waiting {
  readonly clock: CausalClock;
  readonly lacking: Set<number>;
  readonly done: (applied: Applied) => void;
  cancel: () => void;
}

/** What the barrier asks of whoever runs it. */
export interface BarrierPort {
  /** Ms in which broadcast usually brings what is missing, before it is pulled. */
  readonly pullAfterMs: number;
  /** Calls once after this long; the undo. */
  after(delayMs: number, run: () => void): () => void;
  /** Something is missing: compare with who said it, or with anybody. */
  pull(from: string | undefined): void;
  late(): void;
}

export class CausalBarrier {
  readonly #state: StoreState;
  readonly #port: BarrierPort;
  readonly #waiting = new Set<Waiting>();
  readonly #undo: () => void;

  constructor(state: StoreState, port: BarrierPort) {
    this.#state = state;
    this.#port = port;
    this.#undo = state.onAdvance((partition) => this.#advanced(partition));
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  isApplied(clock: CausalClock): boolean {
    return this.#lacking(clock).length === 0;
  }

  /**
   * Calls `done` once: at once when all of it is applied here, when it is, or `late` after the timeout: then a CALL is
   * answered `wamp.error.unavailable`, an event is delivered, security fails closed.
   */
  whenApplied(
    clock: CausalClock,
    timeoutMs: number,
    done: (applied: Applied) => void,
    from?: string,
  ): void {
    const lacking = this.#lacking(clock);
    if (lacking.length === 0) return done('applied');
    const waiting: Waiting = { clock, lacking: new Set(lacking), done, cancel: () => {} };
    this.#waiting.add(waiting);
    const cancelPull = this.#port.after(this.#port.pullAfterMs, () => this.#port.pull(from));
    const cancelLate = this.#port.after(timeoutMs, () => {
      this.#end(waiting, 'late');
      this.#port.late();
    });
    waiting.cancel = () => {
      cancelPull();
      cancelLate();
    };
  }

  close(): void {
    this.#undo();
    for (const waiting of this.#waiting) waiting.cancel();
    this.#waiting.clear();
  }

  #advanced(partition: number): void {
    const { clock } = this.#state.partitions[partition]!;
    for (const waiting of [...this.#waiting]) {
      if (!waiting.lacking.has(partition)) continue;
      if (!clock.coversAll(waiting.clock.get(partition)!)) continue;
      waiting.lacking.delete(partition);
      if (waiting.lacking.size === 0) this.#end(waiting, 'applied');
    }
  }

  #end(waiting: Waiting, applied: Applied): void {
    this.#waiting.delete(waiting);
    waiting.cancel();
    waiting.done(applied);
  }

  #lacking(clock: CausalClock): readonly number[] {
    return [...clock]
      .filter(([partition, dots]) => {
        const state = this.#state.partitions[partition];
        return state !== undefined && !state.clock.coversAll(dots);
      })
      .map(([partition]) => partition);
  }
}
