/** What broadcast counts, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */
import type { BroadcastCounter } from './port.ts';

export const BROADCAST_COUNTER_HELP: Readonly<Record<BroadcastCounter, string>> = {
  broadcast_published: 'Broadcasts of this node.',
  broadcast_delivered: 'Broadcasts of other nodes given to their subscribers here.',
  broadcast_payloads_sent: 'Messages with a payload sent, one per receiver.',
  broadcast_control_sent:
    'Announcements, grafts, prunes and comparisons sent for broadcasts, one per receiver.',
  broadcast_repetitions: 'Broadcasts that came once more.',
  broadcast_pruned: 'Peers asked not to push because they were not the first.',
  broadcast_grafts_asked: 'Times a peer was asked for announced broadcasts that had not come.',
  broadcast_too_late: 'Broadcasts asked for by a peer that are not kept any more.',
  broadcast_graft_gave_up: 'Announced broadcasts that no announcer sent; comparing brings them.',
  broadcast_missing_overflow: 'Announcements not followed up because too many were open.',
  broadcast_announcements_overflow: 'Announcements to a peer left out because too many waited.',
  broadcast_cache_evicted: 'Broadcasts not kept as long as they should be, for want of room.',
  broadcast_ids_given_up: 'Broadcasts that never came and are not waited for any more.',
  broadcast_exchanges: 'Comparisons of what has come with a peer.',
  broadcast_exchange_supplied: 'Broadcasts sent to a peer that lacked them.',
  broadcast_exchange_recovered: 'Broadcasts that came by comparing and not before.',
  broadcast_exchange_truncated: 'Answers to a comparison that had to be continued.',
  broadcast_exchange_out_of_reach: 'Broadcasts a peer lacked that are not kept any more.',
  broadcast_exchange_refused: 'Comparisons not answered because a peer asked too often.',
  broadcast_not_sent: 'Messages of broadcast not sent because the channel was full.',
  broadcast_malformed: 'Messages of broadcast that were none.',
  broadcast_from_left: 'Messages of broadcast from nodes that have left.',
  broadcast_forged: 'Broadcasts in the name of this node that it never made.',
  broadcast_too_large: 'Broadcasts refused: too large.',
  broadcast_unknown_topic: 'Broadcasts on a topic this version does not know.',
  broadcast_subscriber_dead: 'Subscribers that ended; the next one gets what they did not take.',
  broadcast_backlog_dropped: 'Broadcasts dropped because their subscriber was too far behind.',
};
