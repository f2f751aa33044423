/** What the machines of this folder ask of whoever runs them: one implementation sends on links, one is the simulator. */
import type { Payload, PeerMessage } from './message.ts';

export type BroadcastTimer =
  /** Announce what waits; every `lazyTickMs`. */
  | 'lazy'
  /** Announce what an exchange brought: it may be what a whole part of the cluster lacks. */
  | 'announce'
  /** Compare with the next peer; every `exchangeTickMs`. */
  | 'exchange'
  /** Ask for what was announced and has not come. */
  | 'graft'
  /** Links have changed: choose neighbours again, once for all changes. */
  | 'settle'
  /** Close holes; every `cacheAgeMs`. */
  | 'forget';

export interface BroadcastPort {
  /** The same message to each. What cannot be sent comes back as `not_sent`. */
  send(to: readonly string[], message: PeerMessage): void;
  /** To the subscribers of its topic, once per payload. */
  deliver(payload: Payload): void;
  /** Comes back as `timer`. */
  schedule(afterMs: number, timer: BroadcastTimer): void;
  count(what: BroadcastCounter, by?: number): void;
}

export const BROADCAST_COUNTERS = [
  'broadcast_published',
  'broadcast_delivered',
  /** Payloads sent, one per receiver. */
  'broadcast_payloads_sent',
  /** Announcements, grafts, prunes and exchange messages sent, one per receiver. */
  'broadcast_control_sent',
  'broadcast_repetitions',
  'broadcast_pruned',
  'broadcast_grafts_asked',
  /** A graft or want for a payload that is not kept any more. */
  'broadcast_too_late',
  /** Announced, but nobody who announced it sent it: left to exchange. */
  'broadcast_graft_gave_up',
  'broadcast_missing_overflow',
  'broadcast_announcements_overflow',
  /** Payloads that had to leave the cache before their age. */
  'broadcast_cache_evicted',
  /** Ids whose holes were closed: the store's anti-entropy brings what they carried. */
  'broadcast_ids_given_up',
  'broadcast_exchanges',
  'broadcast_exchange_supplied',
  'broadcast_exchange_recovered',
  'broadcast_exchange_truncated',
  /** Ids a peer lacked whose payload was not kept any more. */
  'broadcast_exchange_out_of_reach',
  'broadcast_exchange_refused',
  /** The queue of a link was full: announced again later. */
  'broadcast_not_sent',
  /** From a peer: not a message, or from one that has left. */
  'broadcast_malformed',
  'broadcast_from_left',
  /** A sequence of this node's own that it never gave. */
  'broadcast_forged',
  'broadcast_too_large',
  'broadcast_unknown_topic',
  'broadcast_subscriber_dead',
  'broadcast_backlog_dropped',
] as const;

export type BroadcastCounter = (typeof BROADCAST_COUNTERS)[number];
