/** Answers as promises, for what is not an actor: the start of a node, the command line, tests. */
import type { StorageFailure } from './failure.ts';
import { renderFailure } from './failure.ts';
import type { Answer, Outcome } from './storage.ts';

export class StorageError extends Error {
  readonly failure: StorageFailure;

  constructor(failure: StorageFailure) {
    super(renderFailure(failure));
    this.name = 'StorageError';
    this.failure = failure;
  }
}

export function outcomeOf<T>(ask: (answer: Answer<T>) => void): Promise<Outcome<T>> {
  return new Promise((resolve) => ask(resolve));
}

/** Rejects with a `StorageError`. */
export async function asked<T>(ask: (answer: Answer<T>) => void): Promise<T> {
  const outcome = await outcomeOf(ask);
  if (outcome.kind === 'failed') throw new StorageError(outcome.failure);
  return outcome.value;
}
