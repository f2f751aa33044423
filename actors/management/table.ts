/** All operations of a node. */
import type { Operation } from './operation.ts';
import type { RealmRules } from './operations/realm.ts';
import { realmOperations } from './operations/realm.ts';
import { userOperations } from './operations/user.ts';

export function operationTable(rules: RealmRules): readonly Operation[] {
  return [...realmOperations(rules), ...userOperations];
}
