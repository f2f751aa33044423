/** What authentication counts, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const SECURITY_COUNTERS = {
  authentications_failed: 'Proofs of identity that did not hold.',
  authentications_locked_out: 'Attempts refused because of too many failures before.',
  authentications_unavailable: 'Attempts refused because this node could not check them.',
  password_derivations_failed: 'Passwords that could not be checked because hashing failed.',
  password_upgrades_skipped: 'Passwords not derived anew because too much was hashed already.',
  token_checks_failed:
    "Tokens that could not be checked because their issuer's keys were not to be had.",
} as const satisfies Readonly<Record<string, string>>;
