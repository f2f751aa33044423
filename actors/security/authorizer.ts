/** The authorizer of a realm without access rules: whoever was let in may do everything. */
import type { Authorizer } from './api.ts';

export function openAuthorizer(allowDisclosure: boolean): Authorizer {
  return { mayI: () => true, mayDisclose: () => allowDisclosure };
}
