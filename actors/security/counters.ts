/** What authentication counts, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const SECURITY_COUNTERS = {
  authentications_failed: 'Proofs of identity that did not hold.',
  authentications_locked_out: 'Attempts refused because of too many failures before.',
  authentications_unavailable: 'Attempts refused because this node could not check them.',
  password_derivations_failed: 'Passwords that could not be checked because hashing failed.',
  password_upgrades_skipped: 'Passwords not derived anew because too much was hashed already.',
  token_checks_failed:
    "Tokens that could not be checked because their issuer's keys were not to be had.",
  security_rows_malformed: 'Rows of security data that could not be read: they grant nothing.',
  security_puts_failed: 'Rows of a change of security data that could not be stored.',
  sessions_expelled:
    'Sessions ended because their user was removed, disabled or has other credentials.',
} as const satisfies Readonly<Record<string, string>>;
