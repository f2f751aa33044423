/** What an operator asked for (actors/admin/operations.ts), performed: one store operation at a time, the others at once. */
import type { Operation, OperationOutcome, Operator } from '../actors/admin/operations.ts';
import { refused } from '../actors/admin/operations.ts';
import type { Caller } from '../actors/management/api.ts';
import { isAlone, join, leave, remove } from './cluster-operations.ts';
import type { ClusterParts } from './cluster-parts.ts';
import type { Parts } from './parts.ts';
import { whoIs } from './who-is.ts';

/** Made once per life of the process: what runs outlives the admin server that was asked for it. */
export function operator(parts: Parts): Operator {
  const { cluster, backups, storeCare } = parts;
  const inCluster = (
    run: (cluster: ClusterParts) => Promise<OperationOutcome>,
  ): Promise<OperationOutcome> =>
    cluster === undefined ? Promise.resolve(isAlone()) : run(cluster);

  const perform = (operation: Operation): Promise<OperationOutcome> => {
    switch (operation.kind) {
      case 'join':
        return inCluster((it) => join(parts.kernel(), it, operation.address));
      case 'leave':
        return inCluster((it) => leave(parts.kernel(), it));
      case 'remove':
        return inCluster((it) => remove(parts.kernel(), it, operation));
      case 'check_store':
        return storeCare.check();
      case 'repair_store':
        return storeCare.repair();
      case 'create_backup':
        return backups.create(operation.name);
      case 'verify_backup':
        return backups.verify(operation.name);
      case 'restore_backup':
        return backups.restore(operation.name, operation.isAsNew ? 'as_new' : 'merge');
      case 'backup_status':
        return Promise.resolve({ kind: 'done', report: backups.status() });
      default:
        return never(operation);
    }
  };

  const record = (operation: Operation, caller: Caller, outcome: OperationOutcome): void => {
    if (READS.has(operation.kind)) return;
    parts.audit.record({
      ...{ event: 'administration', who: whoIs(caller), what: operation.kind },
      target: targetOf(operation),
      outcome: outcome.kind === 'done' ? 'ok' : 'refused',
      reason: outcome.kind === 'refused' ? outcome.error : undefined,
    });
  };

  return {
    perform: (operation, caller, answer) => {
      parts.log.info('operator', { who: whoIs(caller), ...operation });
      const { refusal } = parts.audit;
      if (refusal !== undefined && !READS.has(operation.kind)) {
        return answer(refused(503, 'not_audited', `Nothing is changed while ${refusal}.`));
      }
      perform(operation).then(
        (outcome) => {
          if (outcome.kind === 'refused') {
            const { error, message } = outcome;
            parts.log.warn('operator_refused', { operation: operation.kind, error, message });
          }
          record(operation, caller, outcome);
          answer(outcome);
        },
        (error: unknown) => {
          parts.log.error('operation_failed', { operation: operation.kind, error });
          answer(refused(500, 'internal_error', 'the log has the details'));
        },
      );
    },
  };
}

/** Change nothing. */
const READS: ReadonlySet<Operation['kind']> = new Set([
  'check_store',
  'verify_backup',
  'backup_status',
]);

function targetOf(operation: Operation): string | undefined {
  if ('name' in operation) return operation.name;
  return 'address' in operation ? `${operation.address.host}:${operation.address.port}` : undefined;
}

function never(operation: never): never {
  throw new Error(`unexpected operation ${JSON.stringify(operation)}`);
}
