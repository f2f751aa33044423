/** Keys of the audit log. */
import type { AuditConfig } from '../../actors/audit/config.ts';
import { AUDIT_DEFAULTS as DEFAULTS } from '../../actors/audit/config.ts';
import { existingFile, path } from '../../runtime/config/place-types.ts';
import { byteSize, integer, oneOf } from '../../runtime/config/scalar-types.ts';
import { key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import { optional } from '../../runtime/config/type.ts';

export interface NodeAuditConfig extends AuditConfig {
  readonly keyFile: string | undefined;
}

const MB = 1024 * 1024;

export const auditKeys = {
  file: key({
    name: 'security.audit.file',
    type: optional(path),
    default: DEFAULTS.file,
    doc:
      'Where logins, refusals, kills, administrative operations, backups and changes of the cluster are written down, a ' +
      'line of JSON each, held together by hashes (docs/audit.md). Without it they are not.',
  }),
  keyFile: key({
    name: 'security.audit.key_file',
    type: optional(existingFile),
    default: undefined,
    doc:
      'File with a secret of at least 32 bytes that the hashes are made with: without it whoever can write the log can ' +
      'also make all hashes anew.',
  }),
  maxFileBytes: key({
    name: 'security.audit.max_size',
    type: byteSize({ min: MB, max: 16_384 * MB }),
    default: DEFAULTS.maxFileBytes,
    doc: 'At which the file is put aside under the number of its last entry, and a new one is begun.',
  }),
  maxFiles: key({
    name: 'security.audit.max_files',
    type: integer({ min: 0, max: 100_000 }),
    default: DEFAULTS.maxFiles,
    doc: 'How many files put aside are kept; the oldest are deleted. 0: all are kept.',
  }),
  fsync: key({
    name: 'security.audit.fsync',
    type: oneOf(['always', 'interval', 'never']),
    default: DEFAULTS.fsync,
    doc:
      'When entries survive a power loss. `always`: before the next are written. `interval`: within a second. `never`: ' +
      'when the system likes. All survive the end of the process.',
  }),
  onFailure: key({
    name: 'security.audit.on_failure',
    type: oneOf(['refuse', 'continue']),
    default: DEFAULTS.onFailure,
    doc:
      'When the file cannot be written, for example because the disk is full. `refuse`: administrative changes are refused ' +
      'until it can. `continue`: they are not. Both say so in `/ready`, and what fits in memory is written later.',
  }),
  denialsPerSecond: key({
    name: 'security.audit.denials',
    type: integer({ min: 0, max: 10_000 }),
    default: DEFAULTS.denialsPerSecond,
    doc: 'Refusals by grants that are written down per second; the others are counted in the next one.',
  }),
};

export function auditConfig(values: Values<typeof auditKeys>): NodeAuditConfig {
  return { ...values, maxWaiting: DEFAULTS.maxWaiting };
}
