/** What membership and discovery count, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const MEMBERSHIP_COUNTERS = {
  membership_gossip_equal: 'Rosters compared with another node’s that were equal.',
  membership_gossip_delta: 'Differing parts of the roster sent to another node.',
  membership_gossip_full: 'Whole rosters sent because comparing parts did not make them equal.',
  membership_probe_failed: 'Probes that a node answered neither to us nor to others for us.',
  membership_probe_relay_refused:
    'Probes for other nodes not taken on because there were too many.',
  membership_refuted: 'Times this node was suspected and said that it is alive.',
  membership_neighbor_up: 'Neighbours gained in the overlay.',
  membership_neighbor_down: 'Neighbours lost in the overlay.',
  membership_neighbor_stale: 'Ends of a neighbourhood that was over already.',
  membership_shuffle_lost: 'Shuffles of the overlay that found no way on or back.',
  membership_impostor: 'Nodes that introduced themselves as another one than their link says.',
  membership_stale_life: 'Messages of a former life of a node.',
  membership_malformed: 'Membership messages that were none.',
  membership_send_overloaded: 'Membership messages not sent because the channel was full.',
  membership_send_disconnected: 'Membership messages not sent because there was no link.',
  membership_link_repaired: 'Links that came or went unnoticed and were found by comparing.',
  membership_links_refused: 'Requests for a link that could not be made; they are made again.',
  membership_contacts_refused: 'Addresses to join that were refused because there were too many.',
  membership_contacts_unheard: 'Links to other nodes that membership could not be asked for.',
  membership_subscribers_lost:
    'Subscribers dropped because they were behind; they subscribe again.',
  membership_save_failed: 'Failed writes of the roster; it is written again.',
  discovery_failed: 'Look-ups of other nodes’ addresses that failed or took too long.',
  discovery_late: 'Answers to look-ups that were given up.',
  discovery_truncated: 'Look-ups that found more addresses than are used.',
  discovery_unheard: 'Addresses that membership had no room to hear of; they are told again.',
} as const satisfies Readonly<Record<string, string>>;

type Name = keyof typeof MEMBERSHIP_COUNTERS;
export type MembershipCounter = Extract<Name, `membership_${string}`>;
export type DiscoveryCounter = Extract<Name, `discovery_${string}`>;
