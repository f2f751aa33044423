/** The knobs of the audit log. */

export interface AuditConfig {
  /** Undefined: there is none. */
  readonly file: string | undefined;
  /** At which the file is put aside under its last number. Low: many files. High: a file that is slow to verify. */
  readonly maxFileBytes: number;
  /** Files put aside that are kept; 0: all. Low: what happened long ago is gone. High: disk. */
  readonly maxFiles: number;
  /** `always`: an entry is on disk before the next is written. `interval`: within a second. `never`: when the system likes. */
  readonly fsync: 'always' | 'interval' | 'never';
  /** When the log cannot be written: refuse what would change something, or go on and say so in `/ready`. */
  readonly onFailure: 'refuse' | 'continue';
  /** Refusals by the access rules that are written per second. Low: a scan is seen, not its extent. High: it fills the disk. */
  readonly denialsPerSecond: number;
  /** Entries that wait for a disk that does not answer; further ones are dropped and counted. */
  readonly maxWaiting: number;
}

export const AUDIT_DEFAULTS: AuditConfig = {
  file: undefined,
  maxFileBytes: 64 * 1024 * 1024,
  maxFiles: 0,
  fsync: 'interval',
  onFailure: 'continue',
  denialsPerSecond: 10,
  maxWaiting: 20_000,
};
