/** Which page of a list a request asks for: unlike over WAMP there is always a limit. */
import type { ApiError } from '../../management/api.ts';
import { apiError, MAX_LIMIT } from '../../management/api.ts';
import type { RestRequest } from './request.ts';

export const DEFAULT_LIMIT = 1_000;

export interface PageQuestion {
  readonly limit: number;
  readonly after: string | undefined;
  readonly search?: string | undefined;
}

export function readPage({ query }: Pick<RestRequest, 'query'>): PageQuestion | ApiError {
  const {
    limit = String(DEFAULT_LIMIT),
    after,
    search,
  } = query as Readonly<Record<string, string>>;
  const count = /^\d{1,5}$/.test(limit) ? Number(limit) : 0;
  if (count >= 1 && count <= MAX_LIMIT) {
    return { limit: count, after, ...(search !== undefined && { search }) };
  }
  const message = `limit: must be a whole number from 1 to ${MAX_LIMIT}`;
  return { ...apiError('invalidArgument', message), path: 'limit' };
}
