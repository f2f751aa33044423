/** The status of an error, by its URI; what is not listed is this node's own mistake. */
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { ApiError } from '../../management/api.ts';

const STATUS: ReadonlyMap<string, number> = new Map<string, number>([
  [ERRORS.invalidArgument, 400],
  [ERRORS.invalidData, 400],
  [ERRORS.invalidUri, 400],
  [ERRORS.reservedName, 400],
  [ERRORS.propertyRangeLimit, 400],
  [ERRORS.noSuchGroups, 400],
  [ERRORS.noSuchUsers, 400],
  [ERRORS.unknownRoles, 400],
  [ERRORS.duplicateRoles, 400],
  [ERRORS.invalidSsoRealm, 400],
  [ERRORS.badSignature, 403],
  [ERRORS.notAuthorized, 403],
  [ERRORS.notAllowed, 403],
  [ERRORS.notFound, 404],
  [ERRORS.noSuchRealm, 404],
  [ERRORS.noSuchSession, 404],
  [ERRORS.noSuchRegistration, 404],
  [ERRORS.noSuchSubscription, 404],
  [ERRORS.noSuchPrincipal, 404],
  [ERRORS.alreadyExists, 409],
  [ERRORS.inconsistency, 409],
  [ERRORS.activeUsers, 409],
  [ERRORS.limitExceeded, 429],
  [ERRORS.noSuchProcedure, 501],
  [ERRORS.unavailable, 503],
  [ERRORS.timeout, 504],
]);

/** Those that an operation may end with. */
export const ERROR_STATUSES: readonly number[] = [...new Set([...STATUS.values(), 500])].sort();

export function statusOf({ uri }: Pick<ApiError, 'uri'>): number {
  return STATUS.get(uri) ?? 500;
}
