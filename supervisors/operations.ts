/** What an operator asked for (actors/admin/operations.ts), performed: one store operation at a time, the others at once. */
import type { Operation, OperationOutcome, Operator } from '../actors/admin/operations.ts';
import { refused } from '../actors/admin/operations.ts';
import { join, leave, remove } from './cluster-operations.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { tokenProblem } from './operator-token.ts';
import type { Parts } from './parts.ts';
import { checkStore, repairStore } from './store-operations.ts';

/** Made once per life of the process: what runs outlives the admin server that was asked for it. */
export function operator(parts: Parts, own: ClusterParts): Operator {
  let isStoreBusy = false;

  const alone = async (run: () => Promise<OperationOutcome>): Promise<OperationOutcome> => {
    if (isStoreBusy) {
      return refused(
        409,
        'busy',
        'A check or repair of the store is running: try again when it is done.',
      );
    }
    isStoreBusy = true;
    try {
      return await run();
    } finally {
      isStoreBusy = false;
    }
  };

  const perform = (operation: Operation): Promise<OperationOutcome> => {
    switch (operation.kind) {
      case 'join':
        return join(parts.kernel(), own, operation.address);
      case 'leave':
        return leave(parts.kernel(), own);
      case 'remove':
        return remove(parts.kernel(), own, operation);
      case 'check_store':
        return alone(() => checkStore(parts.kernel(), own.store));
      case 'repair_store':
        return alone(() => repairStore(parts.kernel(), own));
      default:
        return never(operation);
    }
  };

  return {
    authorize: (authorization) => tokenProblem(authorization, own.operatorToken),
    perform: (operation, answer) => {
      parts.log.info('operator', { ...operation });
      perform(operation).then(
        (outcome) => {
          if (outcome.kind === 'refused') {
            const { error, message } = outcome;
            parts.log.warn('operator_refused', { operation: operation.kind, error, message });
          }
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

function never(operation: never): never {
  throw new Error(`unexpected operation ${JSON.stringify(operation)}`);
}
