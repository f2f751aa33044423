/** What WELCOME announces for the broker: what works, and nothing else (WAMP advanced, feature announcements). */
export const brokerFeatures: readonly string[] = [
  'publisher_identification',
  'publisher_exclusion',
  'publication_trustlevels',
  'subscriber_blackwhite_listing',
  'pattern_based_subscription',
  'session_meta_api',
  'subscription_meta_api',
  'event_history',
  'event_retention',
  'subscription_revocation',
  'sharded_subscription',
  'payload_passthru_mode',
];
