/** What the links to other nodes count, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */
import type { Refusal } from '../../runtime/net/peer/handshake-messages.ts';

/** `peer_refused_<reason>`, whichever of the two nodes refuses. */
const REFUSED: Readonly<Record<`peer_refused_${Refusal}`, string>> = {
  peer_refused_unknown: 'Links refused by a peer for a reason this version does not know.',
  peer_refused_protocol: 'Links refused: what came was no handshake of a node.',
  peer_refused_version: 'Links refused: no version in common.',
  peer_refused_cluster: 'Links refused: another cluster.',
  peer_refused_authentication: 'Links refused: TLS failed, or the secret is missing or wrong.',
  peer_refused_unencrypted: 'Links refused: no secret, no mutual TLS, and not on loopback.',
  peer_refused_self: 'Links refused: the node had dialled itself.',
  peer_refused_same_name: 'Links refused: two nodes have one name.',
  peer_refused_stale_incarnation: 'Links refused: a newer life of that node is known.',
  peer_refused_unexpected_peer: 'Links refused: another node than the one that was dialled.',
  peer_refused_duplicate: 'Links refused because both nodes dialled at once; one of the two stays.',
  peer_refused_unknown_session: 'Further connections refused: their link is gone.',
  peer_refused_unknown_slot: 'Further connections refused: their channel has no such place.',
  peer_refused_not_admitted: 'Links refused because membership does not want that node.',
  peer_refused_full: 'Links refused: too many handshakes at once, in all or from one address.',
  peer_refused_timeout: 'Links refused: the handshake took too long.',
};

export const LINK_COUNTERS = {
  peer_links_up: 'Links to other nodes that came up.',
  peer_links_down: 'Links to other nodes that went down.',
  peer_links_not_completed: 'Links that ended before every channel had a connection.',
  ...REFUSED,
  peer_handshakes_failed: 'Handshakes with other nodes that ended with the connection.',
  peer_accept_errors: 'Failed accepts of the port for other nodes.',
  peer_targets_refused: 'Addresses not dialled because there were too many.',
  peer_connections_lost: 'Connections of living links that were lost.',
  peer_connections_silent: 'Connections to other nodes cut because nothing came for too long.',
  peer_violations: 'Connections to other nodes cut because the peer broke the protocol.',
  peer_faults: 'Connections to other nodes cut by a mistake of this node.',
  peer_sends_overloaded: 'Messages to other nodes not queued because the channel was full.',
  peer_messages_replaced: 'Messages to other nodes replaced in the queue by newer ones.',
  peer_messages_resent: 'Messages to other nodes sent again because nobody acknowledged them.',
  peer_messages_lost_with_link: 'Messages that waited for a node when its link went down.',
  peer_unacknowledged_dropped:
    'Messages nobody acknowledged before the life of their node was over.',
  peer_unfinished_messages_lost: 'Messages of which a lost connection had brought only a part.',
  peer_duplicates_ignored: 'Messages of other nodes that came twice and were delivered once.',
  peer_deliveries_held: 'Times a connection had to wait because a service here was behind.',
  peer_messages_for_nobody: 'Messages of other nodes for a service that does not run here.',
  peer_messages_dropped: 'Messages held up by a test that then found no room.',
  peer_announcements_dropped: 'News of links that a service was too far behind to hear.',
  peer_causal_waited: 'Messages with a causal label that came before one they follow, and waited.',
  peer_causal_timed_out:
    'Messages with a causal label delivered though one they follow never came.',
  peer_causal_no_room:
    'Messages with a causal label delivered before their time, for want of room.',
  peer_causal_forgotten: 'Times a causal label knew of too many nodes and began anew.',
  peer_causal_malformed: 'Messages with a causal label that were none.',
  remote_malformed: 'Messages for actors from other nodes that were none.',
  remote_unknown_names: 'Messages from other nodes for an actor that is not exported.',
  remote_casts_dropped: 'Messages for actors on other nodes that could not be sent.',
  remote_casts_refused: 'Messages of other nodes that their actor here did not understand or take.',
  remote_answers_dropped: 'Answers that could not be sent to the node that had asked.',
  remote_late_answers: 'Answers of other nodes that nobody waited for any more.',
  remote_downs_refused: 'Ends of actors on other nodes that the watcher had no room to hear of.',
} as const satisfies Readonly<Record<string, string>>;
