/**
 * The life of a connection, the same for every transport over a socket: frames held until somebody attaches or
 * while paused, closing with a deadline, one `onClose`. What differs between transports is behind `Wire`.
 */
import type {
  CloseCause,
  Connection,
  ConnectionEvents,
  FrameBatch,
  Outlet,
  TransportInfo,
} from './connection.ts';
import type { NetEnvironment } from './environment.ts';
import type { KeepAlive, Watched } from './keep-alive.ts';
import type { ConnectionLimits } from './limits.ts';
import type { OutboundEvents } from './outbound.ts';

export interface Wire {
  stopReading(): void;
  startReading(): void;
  ping(): void;
  /** Writes what is queued now. */
  flush(): void;
  /** Says goodbye after what was written; the socket closes when the peer has answered. */
  finish(cause: CloseCause, detail: string): void;
  cut(): void;
  /** The socket is gone. */
  dispose(): void;
}

/**
 * Frames given to a session at a time. A chunk may hold thousands of tiny ones (a batched message hundreds of
 * thousands), and whoever else is ready must get a turn in between.
 */
const MAX_BATCH = 32;

/** What holding costs besides the bytes: tiny chunks and tiny frames must not be cheap to hold. */
const HELD_BATCH_BYTES = 256;
const HELD_RANGE_BYTES = 8;

type State = 'open' | 'violated' | 'closing' | 'closed';

export class SocketConnection implements Connection, Watched, OutboundEvents {
  readonly id: number;
  readonly info: TransportInfo;
  outlet!: Outlet;
  quietTicks = 0;
  #wire!: Wire;
  readonly #limits: ConnectionLimits;
  readonly #keepAlive: KeepAlive;
  readonly #environment: NetEnvironment;
  #state: State = 'open';
  #cause: CloseCause | undefined;
  #events: ConnectionEvents | undefined;
  #isPaused = false;
  #held: FrameBatch[] = [];
  #heldBytes = 0;
  #isReading = true;
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    info: TransportInfo,
    limits: ConnectionLimits,
    keepAlive: KeepAlive,
    environment: NetEnvironment,
  ) {
    this.id = environment.nextConnectionId();
    this.info = info;
    this.#limits = limits;
    this.#keepAlive = keepAlive;
    this.#environment = environment;
  }

  /** Second half of the constructor: the wire and the outlet need this object to exist. */
  connect(wire: Wire, outlet: Outlet): void {
    this.#wire = wire;
    this.outlet = outlet;
    this.#keepAlive.add(this);
  }

  attach(events: ConnectionEvents): void {
    this.#events = events;
    this.#release();
    if (this.#state === 'violated') events.onViolation(violationOf(this.#cause));
    if (this.#state === 'closed') events.onClose(this.#causeOfClose());
    else if (this.outlet.isCongested) events.onCongestion(true);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#release();
  }

  close(detail: string): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'closing';
    this.#cause ??= { kind: 'closed_here' };
    this.#forget();
    this.#wire.flush();
    this.#wire.finish(this.#cause, detail);
    this.#startReading(); // or the peer's answer would never be seen
    this.#cutAfter(this.#limits.closeTimeoutMs);
  }

  destroy(): void {
    this.#fail({ kind: 'closed_here' });
  }

  // What the transport reports.

  /** Frames of one chunk, which pin `size` bytes while they are held. */
  deliver(batch: FrameBatch, size: number): void {
    if (this.#state !== 'open') return; // nothing is processed after a violation or our close
    const { ranges } = batch;
    const pieces = Math.ceil(ranges.length / (2 * MAX_BATCH));
    if (pieces <= 1) return this.#deliver(batch, size);
    for (let at = 0; at < ranges.length; at += 2 * MAX_BATCH) {
      const piece = { bytes: batch.bytes, ranges: ranges.slice(at, at + 2 * MAX_BATCH) };
      this.#deliver(piece, size / pieces);
    }
  }

  #deliver(batch: FrameBatch, size: number): void {
    if (this.#events && !this.#isPaused) return this.#events.onFrames(batch);
    this.#held.push(batch);
    this.#heldBytes += size + HELD_BATCH_BYTES + batch.ranges.length * HELD_RANGE_BYTES;
    if (this.#heldBytes >= this.#limits.maxHeldBytes) this.#stopReading();
  }

  /** The peer broke the transport's rules. The session answers with ABORT and closes; if not, we cut. */
  violate(detail: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'violated';
    this.#cause = { kind: 'violation', detail };
    this.#cutAfter(this.#limits.closeTimeoutMs);
    if (!this.#events) return; // after the frames that came before it, by attach
    this.#isPaused = false;
    this.#release();
    this.#events.onViolation(detail);
  }

  /** The socket has closed. */
  closed(error: string | undefined): void {
    if (this.#state === 'closed') return;
    this.#cause ??=
      error === undefined ? { kind: 'peer_closed' } : { kind: 'failed', detail: error };
    this.#keepAlive.delete(this);
    clearTimeout(this.#deadline);
    this.#wire.dispose();
    this.#isPaused = false;
    if (this.#events) this.#release(); // the peer said it before it went
    this.#state = 'closed';
    this.#events?.onClose(this.#cause);
  }

  // Watched

  ping(): void {
    if (this.#state === 'open') this.#wire.ping();
  }

  onSilence(): void {
    this.#fail({ kind: 'timed_out', detail: 'no sign of life' });
  }

  // OutboundEvents

  onCongestion(isCongested: boolean): void {
    this.#events?.onCongestion(isCongested);
    if (!isCongested && this.#heldBytes < this.#limits.maxHeldBytes) this.#startReading();
  }

  onOverflow(): void {
    if (this.#state !== 'open' && this.#state !== 'violated') return;
    this.#environment.count('connections_overflowed');
    this.#fail({ kind: 'failed', detail: 'the peer does not read: backlog over its limit' });
  }

  onCutForRoom(): void {
    if (this.#state === 'closed') return;
    this.#environment.count('connections_cut_for_room');
    this.#fail({ kind: 'failed', detail: 'the peer does not read: all backlogs are too much' });
  }

  onProgress(): void {
    if (!this.#isReading) this.quietTicks = 0; // all we can hear of a peer we do not read from
  }

  /** A peer that asks for answers and does not read them is not read from. */
  holdIfCongested(): void {
    if (this.outlet.isCongested) this.#stopReading();
  }

  #release(): void {
    if (this.#isPaused) return;
    const held = this.#held;
    this.#forget();
    for (let i = 0; i < held.length; i++) {
      if (this.#isPaused) {
        this.#held.push(...held.slice(i));
        this.#heldBytes = this.#limits.maxHeldBytes; // full enough: read again when they are gone
        return;
      }
      this.#events?.onFrames(held[i]);
    }
    this.#startReading();
  }

  #forget(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  #fail(cause: CloseCause): void {
    if (this.#state === 'closed') return;
    this.#cause ??= cause;
    this.#state = 'closing';
    this.#forget();
    this.#wire.cut();
  }

  #cutAfter(delayMs: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.#environment.count('connections_close_cut');
      this.#wire.cut();
    }, delayMs);
  }

  #causeOfClose(): CloseCause {
    return this.#cause ?? { kind: 'peer_closed' };
  }

  #stopReading(): void {
    if (!this.#isReading || this.#state === 'closed') return;
    this.#isReading = false;
    this.#wire.stopReading();
  }

  #startReading(): void {
    if (this.#isReading || this.#state === 'closed') return;
    this.#isReading = true;
    this.#wire.startReading();
  }
}

function violationOf(cause: CloseCause | undefined): string {
  return cause?.kind === 'violation' ? cause.detail : 'transport rules broken';
}
