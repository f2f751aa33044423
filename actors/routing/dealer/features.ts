/** What WELCOME announces for the dealer: what works, and nothing else (WAMP advanced, feature announcements). */
export const dealerFeatures: readonly string[] = [
  'caller_identification',
  'call_timeout',
  'call_canceling',
  'call_trustlevels',
  'progressive_call_results',
  'progressive_call_invocations',
  'pattern_based_registration',
  'shared_registration',
  'sharded_registration', // runmode partition; runmode all is refused with feature_not_supported
  'registration_revocation',
  'call_reroute',
  'registration_meta_api',
  'session_meta_api',
  'testament_meta_api',
  'payload_passthru_mode',
];
