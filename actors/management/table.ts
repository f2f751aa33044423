/** All operations of a node. */
import type { Operation } from './operation.ts';
import { grantOperations, rbacOperations, sourceOperations } from './operations/access.ts';
import { groupOperations } from './operations/group.ts';
import {
  backupOperations,
  clusterOperations,
  storeOperations,
  ticketOperations,
} from './operations/node.ts';
import type { RealmRules } from './operations/realm.ts';
import { realmOperations } from './operations/realm.ts';
import { registryOperations, sessionOperations } from './operations/registry.ts';
import { userOperations } from './operations/user.ts';

export function operationTable(rules: RealmRules): readonly Operation[] {
  return [
    ...sessionOperations,
    ...realmOperations(rules),
    ...userOperations,
    ...groupOperations,
    ...sourceOperations,
    ...grantOperations,
    ...rbacOperations,
    ...ticketOperations,
    ...registryOperations,
    ...clusterOperations,
    ...storeOperations,
    ...backupOperations,
  ];
}
