/** Has the admin API perform an operation for who logged in, and answers once whatever becomes of it. */
import type { CallOutcome, Context } from '../../runtime/kernel/actor.ts';
import type { ApiCall, ApiOutcome, ManagementMessage } from '../management/api.ts';
import { apiError, MANAGEMENT } from '../management/api.ts';
import type { AdminMessage } from './api.ts';

/** A restore reads a whole backup. */
const PATIENCE_MS = 600_000;

export function askManagement(
  context: Context<AdminMessage>,
  call: ApiCall,
  done: (outcome: ApiOutcome) => void,
): void {
  const api = context.whereis(MANAGEMENT);
  if (!api) return done(unavailable('the admin API of this node is being restarted'));
  context.call<ManagementMessage, ApiOutcome>(
    api,
    (reply) => ({ kind: 'call', call, reply }) as const,
    PATIENCE_MS,
    (outcome) => ({ kind: 'resume', task: () => done(answerOf(outcome)) }) as const,
  );
}

function answerOf(outcome: CallOutcome<ApiOutcome>): ApiOutcome {
  switch (outcome.kind) {
    case 'reply':
      return outcome.value;
    case 'timeout':
      return unavailable('it takes too long; it may still be done');
    case 'down':
      return unavailable('the admin API was restarted meanwhile: look whether it was done');
  }
}

function unavailable(message: string): ApiOutcome {
  return { kind: 'error', error: apiError('unavailable', message) };
}
