/** What is published when something was changed (Bondy's topics, also those it names and never publishes). */

export const TOPICS = {
  /** In the master realm: [uri]. */
  realmCreated: 'bondy.realm.created',
  realmUpdated: 'bondy.realm.updated',
  realmDeleted: 'bondy.realm.deleted',
  /** In the user's realm: [username]. */
  userAdded: 'bondy.user.added',
  /** In the user's realm: [realm, username]. */
  userUpdated: 'bondy.user.updated',
  userDeleted: 'bondy.user.deleted',
  userCredentialsChanged: 'bondy.user.credentials_changed',
  /** In its realm: [realm, name]. */
  groupAdded: 'bondy.group.added',
  groupUpdated: 'bondy.group.updated',
  groupDeleted: 'bondy.group.deleted',
  /** In its realm: [realm, username, cidr, authmethod]. */
  sourceAdded: 'bondy.source.added',
  sourceDeleted: 'bondy.source.deleted',
  /** Ours. In their realm: [realm, grant request]. */
  grantCreated: 'bondy.grant.created',
  grantRevoked: 'bondy.grant.revoked',
} as const;
