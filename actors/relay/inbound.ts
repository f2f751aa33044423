/**
 * Batches that wait until the store here has what their sender's had. What comes behind one from the same node about the
 * same realm waits too, so order is kept; nobody else does. Kept by the relay's supervisor: what waits is acknowledged.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import { nodeKey } from '../../runtime/causality/identity.ts';
import type { CausalBarrier, CausalClock } from '../store/api.ts';
import type { Batch } from './wire.ts';

export interface InboundParts {
  readonly barrier: Pick<CausalBarrier, 'isApplied' | 'whenApplied'>;
  /** Ms until what waits is late. */
  readonly waitMs: number;
  /** Bytes that wait, of all nodes and realms; beyond, the rest is late at once. */
  readonly maxBytes: number;
  /** A clock on the wire; undefined: it is none. */
  decode(causal: Uint8Array): CausalClock | undefined;
  /** `take` has something of this line. */
  onReleased(line: string): void;
  count(what: 'relay_waited' | 'relay_malformed'): void;
}

export interface Arrived {
  readonly from: NodeId;
  readonly batch: Batch;
  /** Its sender had seen what this node has not. */
  readonly isLate: boolean;
}

interface Waiting {
  readonly from: NodeId;
  readonly batch: Batch;
  readonly bytes: number;
  readonly clock: CausalClock | undefined;
  state: 'fresh' | 'waiting' | 'applied' | 'late';
}

export class Inbound {
  readonly #p: InboundParts;
  /** By node and realm. */
  readonly #lines = new Map<string, Waiting[]>();
  #bytes = 0;

  constructor(parts: InboundParts) {
    this.#p = parts;
  }

  get lines(): readonly string[] {
    return [...this.#lines.keys()];
  }

  /** True: it may be acted on now. False: it is kept. */
  arrive(from: NodeId, batch: Batch, bytes: number): boolean {
    const { causal, realm } = batch;
    if (causal.length === 0 && this.#lines.size === 0) return true;
    const clock = causal.length === 0 ? undefined : this.#p.decode(causal);
    if (!clock && causal.length > 0) this.#p.count('relay_malformed');
    const key = `${nodeKey(from)} ${realm}`;
    const line = this.#lines.get(key);
    if (!line && (!clock || this.#p.barrier.isApplied(clock))) return true;
    const waiting: Waiting = { from, batch, bytes, clock, state: 'fresh' };
    this.#p.count('relay_waited');
    this.#bytes += bytes;
    if (line) line.push(waiting);
    else {
      this.#lines.set(key, [waiting]);
      this.#begin(key, waiting);
    }
    if (this.#bytes > this.#p.maxBytes) this.#overflow();
    return false;
  }

  /** The next of a line that may be acted on. */
  take(key: string): Arrived | undefined {
    const line = this.#lines.get(key);
    const head = line?.[0];
    if (!line || !head) return undefined;
    if (head.state === 'fresh') this.#begin(key, head);
    if (head.state === 'waiting') return undefined;
    line.shift();
    this.#bytes -= head.bytes;
    if (line.length === 0) this.#lines.delete(key);
    const { from, batch } = head;
    return { from, batch, isLate: head.state === 'late' };
  }

  #begin(key: string, head: Waiting): void {
    const { barrier, waitMs } = this.#p;
    if (!head.clock || barrier.isApplied(head.clock)) {
      head.state = 'applied';
      return;
    }
    head.state = 'waiting';
    const done = (how: 'applied' | 'late'): void => {
      if (head.state !== 'waiting') return;
      head.state = how;
      this.#p.onReleased(key);
    };
    barrier.whenApplied(head.clock, waitMs, done, head.from.name);
  }

  #overflow(): void {
    for (const [key, line] of this.#lines) {
      for (const waiting of line) if (waiting.state !== 'applied') waiting.state = 'late';
      this.#p.onReleased(key);
    }
  }
}
