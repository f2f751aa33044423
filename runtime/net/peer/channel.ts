/** A named channel of one link: its lanes, its bound, its compression. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Clock } from '../../kernel/actor.ts';
import { Lane } from './lane.ts';
import type { ChannelName, SendOptions, ServiceName } from './port.ts';
import { COMPRESSED_BYTES, MESSAGE_BYTES, SERVICES } from './protocol.ts';
import type { WholeMessage } from './reassembly.ts';
import type { Outgoing } from './send-queue.ts';
import type { ChannelOptions } from './settings.ts';
import type { SendWindow } from './windows.ts';

/** Fast rather than small: it happens on the loop. */
const LEVEL = 1;

export class Channel {
  readonly name: ChannelName;
  readonly lanes: readonly Lane[];
  readonly #options: ChannelOptions;
  /** When its last connection was lost, or it was made. */
  emptySince: number;
  /** Whole messages read, those that are ignored as duplicates among them. */
  receivedMessages = 0;
  /** Messages refused because its queue was full. */
  overloaded = 0;

  constructor(
    name: ChannelName,
    lanes: number,
    options: ChannelOptions,
    window: SendWindow,
    clock: Clock,
  ) {
    this.name = name;
    this.#options = options;
    this.emptySince = clock.now();
    this.lanes = Array.from({ length: lanes }, () => new Lane(window, clock, MESSAGE_BYTES[name]));
  }

  get connections(): number {
    return this.lanes.reduce((sum, { connection }) => sum + (connection ? 1 : 0), 0);
  }

  get queuedBytes(): number {
    return this.lanes.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0);
  }

  get sentMessages(): number {
    return this.lanes.reduce((sum, { sentMessages }) => sum + sentMessages, 0);
  }

  get sentBytes(): number {
    return this.lanes.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  }

  get receivedBytes(): number {
    return this.lanes.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
  }

  /** Whether `size` more bytes are within the bound. An empty queue takes any message. */
  hasRoom(size: number): boolean {
    const queued = this.queuedBytes;
    return queued === 0 || queued + size <= this.#options.queueBytes;
  }

  mayReplace({ monotonicKey }: SendOptions): boolean {
    return this.#options.isMonotonic && monotonicKey !== undefined;
  }

  laneOf(service: ServiceName, partitionKey: number | undefined): Lane {
    const key = partitionKey ?? SERVICES.indexOf(service);
    return this.lanes[Math.abs(Math.trunc(key)) % this.lanes.length] ?? this.lanes[0];
  }

  outgoing(
    service: ServiceName,
    body: Uint8Array,
    options: SendOptions,
    sequence: number,
  ): Outgoing {
    const { compressFromBytes, isMonotonic } = this.#options;
    const deflated =
      compressFromBytes !== undefined &&
      body.length >= compressFromBytes &&
      body.length <= COMPRESSED_BYTES
        ? deflateRawSync(body, { level: LEVEL })
        : body;
    const isSmaller = deflated.length < body.length;
    return {
      service,
      stream: SERVICES.indexOf(service) * 2 ** 32 + ((options.partitionKey ?? 0) >>> 0),
      body: isSmaller ? deflated : body,
      inflatedSize: isSmaller ? body.length : 0,
      // Acknowledged means each of them, so none is replaced.
      monotonicKey: isMonotonic && sequence === 0 ? options.monotonicKey : undefined,
      sequence,
    };
  }
}

/** The body as it was given to `send`; undefined: the peer breaks the protocol. */
export function inflated({ head, body }: WholeMessage): Uint8Array | undefined {
  if (head.inflatedSize === 0) return body;
  try {
    const whole = inflateRawSync(body, { maxOutputLength: head.inflatedSize });
    return whole.length === head.inflatedSize ? new Uint8Array(whole) : undefined;
  } catch {
    return undefined; // not deflated, or more than it said
  }
}
