/** How operations refuse, in Bondy's shape: a URI, its last word as `code`, a message, a description; where, if somewhere. */
import type { Problem } from '../security/api.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { ErrorName } from '../../runtime/wamp/uris.ts';

export interface ApiError {
  readonly uri: string;
  /** The URI's last component. */
  readonly code: string;
  readonly message: string;
  readonly description: string;
  /** Of the field that is wrong: `users[3].groups[0]`; of the first one, if there are several. */
  readonly path?: string | undefined;
  /** All of them. */
  readonly problems?: readonly Problem[] | undefined;
}

export type { ErrorName };

/** A mistake in a document, and what it is refused with if it is the first. */
export interface DocumentProblem extends Problem {
  readonly error: ErrorName;
}

export function apiError(error: ErrorName, message: string, description = message): ApiError {
  const uri = ERRORS[error];
  return { uri, code: codeOf(uri), message, description };
}

/** At least one. */
export function documentError(problems: readonly DocumentProblem[]): ApiError {
  const [first] = problems as readonly [DocumentProblem, ...DocumentProblem[]];
  const sentences = problems.map(({ path, message }) =>
    path === '' ? message : `${path}: ${message}`,
  );
  return {
    ...apiError(first.error, sentences[0]!, sentences.slice(0, MAX_SENTENCES).join('; ')),
    path: first.path,
    problems: problems.slice(0, MAX_PROBLEMS).map(({ path, message }) => ({ path, message })),
  };
}

const MAX_SENTENCES = 10;
const MAX_PROBLEMS = 100;

function codeOf(uri: string): string {
  return uri.slice(uri.lastIndexOf('.') + 1);
}
