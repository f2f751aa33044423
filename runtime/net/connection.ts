/**
 * The port between a transport and the session that uses it: message frames in, WAMP messages out.
 * Implemented by websocket.ts, rawsocket.ts and in-process.ts; one contract suite runs on all.
 */
import type { Codec } from '../wamp/codec.ts';
import type { RouterMessage } from '../wamp/message.ts';
import type { SharedFrame } from './shared-frame.ts';

export interface TransportInfo {
  readonly kind: 'websocket' | 'rawsocket' | 'in_process';
  readonly batched: boolean;
  readonly tls: boolean;
  /** Where the client is, after PROXY protocol or trusted forwarding headers. */
  readonly peer: { readonly address: string; readonly port: number };
  /** The listener's name in the configuration. */
  readonly listener: string;
  /** What both ends of a TLS connection know of it, and nobody in between (RFC 5929, RFC 9266); undefined: not of this one. */
  readonly channel?: ((binding: ChannelBinding) => Uint8Array | undefined) | undefined;
  /** The client's certificate, when it gave one that an accepted authority has signed. */
  readonly certificate?: ClientCertificate | undefined;
  /** HTTP headers worth showing (origin, user-agent, cookie never). */
  readonly http?: { readonly origin?: string; readonly userAgent?: string } | undefined;
}

export type ChannelBinding = 'tls-unique' | 'tls-server-end-point' | 'tls-exporter';

export interface ClientCertificate {
  readonly commonName: string | undefined;
  /** Subject alternative names: of hosts, mailboxes and URIs. */
  readonly names: readonly string[];
}

/** `too_large`: over what the peer accepts; `unencodable`: not sayable in its serializer. Neither was sent. */
export type SendResult = 'sent' | 'closed' | 'too_large' | 'unencodable';

/** Where the frames for one peer go; written in router order, one socket write per turn. */
export interface Outlet {
  readonly codec: Codec;
  send(message: RouterMessage): SendResult;
  /** One message for many: encoded once per serializer, framed per transport. */
  sendShared(frame: SharedFrame): SendResult;
  /** Bytes accepted here and not yet taken by the operating system. */
  readonly backlog: number;
  /** The backlog is over the configured high-water mark. */
  readonly isCongested: boolean;
}

/** Several frames that came in one chunk: `ends` are pairs start, end into `bytes`. Valid during the turn only. */
export interface FrameBatch {
  readonly bytes: Uint8Array;
  /** start0, end0, start1, end1, ... */
  readonly ranges: readonly number[];
}

export type CloseCause =
  | { readonly kind: 'peer_closed' }
  | { readonly kind: 'closed_here' }
  | { readonly kind: 'timed_out'; readonly detail: string } // keep-alive found nobody
  | { readonly kind: 'violation'; readonly detail: string } // of the transport's own rules
  | { readonly kind: 'failed'; readonly detail: string };

/** What the connection tells its session. Set exactly once, by `attach`. Calls come from the event loop, one at a time. */
export interface ConnectionEvents {
  onFrames(batch: FrameBatch): void;
  /** The transport's rules were broken in a way WAMP should answer with ABORT before the close that follows. */
  onViolation(detail: string): void;
  /** The backlog crossed the high-water mark (true) or fell under the low one (false). */
  onCongestion(isCongested: boolean): void;
  /** Last call. */
  onClose(cause: CloseCause): void;
}

export interface Connection {
  readonly id: number;
  readonly info: TransportInfo;
  readonly outlet: Outlet;
  /** Frames flow from here on. */
  attach(events: ConnectionEvents): void;
  /** Stops delivering frames (and, once a bound of held bytes is reached, reading); pings are still answered. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes; cut after a deadline. `sent` messages before it arrive. */
  close(detail: string): void;
  /** Cuts at once. */
  destroy(): void;
}
