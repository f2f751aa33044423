/** What is counted of the audit log. */

export type AuditCounter =
  'audit_entries' | 'audit_entries_dropped' | 'audit_write_failures' | 'audit_rotations';

export const AUDIT_COUNTER_HELP: Readonly<Record<AuditCounter, string>> = {
  audit_entries: 'Lines written to the audit log.',
  audit_entries_dropped: 'Entries of the audit log lost because too many waited for the disk.',
  audit_write_failures: 'Writes to the audit log that failed; what they had is written again.',
  audit_rotations: 'Files of the audit log that were put aside because they were full.',
};
