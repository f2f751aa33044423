/** What a link may take and how long it waits. Documented as configuration in actors/links/config.ts. */
import type { BulkLimits } from './bulk-window.ts';
import type { ChannelName } from './port.ts';

export interface ChannelOptions {
  /** Connections, as the dialling side has it. */
  readonly parallelism: number;
  /** Whether a queued message is replaced by a newer one with the same key. */
  readonly isMonotonic: boolean;
  /** Messages from this size on are deflated, if they are no larger than COMPRESSED_BYTES. Undefined: none. */
  readonly compressFromBytes: number | undefined;
  /** Bytes queued per peer, over which a send is `overloaded`. */
  readonly queueBytes: number;
}

export interface LinkSettings {
  readonly channels: Readonly<Record<ChannelName, ChannelOptions>>;
  /** Silence of ours after which a connection says a ping. */
  readonly pingIntervalMs: number;
  /** Silence of the peer after which a connection is cut. */
  readonly silenceMs: number;
  /** How long a channel may be without a connection before the link is given up. */
  readonly incompleteMs: number;
  readonly resendMinMs: number;
  readonly resendMaxMs: number;
  /** Bytes sent and not acknowledged, per peer and channel. */
  readonly unacknowledgedBytes: number;
  readonly bulk: BulkLimits;
  /** Time a connection may take of one turn of the event loop before it reads on in the next. */
  readonly drainBudgetMs: number;
}
