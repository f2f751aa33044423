/** What authentication counts, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const SECURITY_COUNTERS = {
  authentications_failed: 'Proofs of identity that did not hold.',
  authentications_locked_out: 'Attempts refused because of too many failures before.',
  authentications_unavailable: 'Attempts refused because this node could not check them.',
  password_derivations_failed: 'Passwords that could not be checked because hashing failed.',
  password_upgrades: 'Passwords of which other verifiers are kept since their user logged in.',
  password_upgrades_skipped:
    'Passwords not derived anew: too much was hashed already, or their user was changed meanwhile.',
  token_checks_failed:
    "Tokens that could not be checked because their issuer's keys were not to be had.",
  security_rows_malformed: 'Rows of security data that could not be read: they grant nothing.',
  security_puts_failed: 'Rows of a change of security data that could not be stored.',
  realms_made: 'Realms created because a HELLO asked for them.',
  realms_not_made:
    'Realms that a HELLO asked for and that were not created: too many, or not to be stored.',
  sessions_expelled:
    'Sessions ended because their user was removed or disabled or has other credentials, or their method or ticket was withdrawn.',
  tickets_issued: 'Tickets that were issued here.',
  tickets_refused: 'Tickets that opened no session: forged, expired, revoked or of somebody else.',
  tickets_collected: 'Rows of expired tickets that were deleted.',
  tickets_not_collected:
    'Rows of expired tickets that could not be deleted; the next sweep tries again.',
} as const satisfies Readonly<Record<string, string>>;
