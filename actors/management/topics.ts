/** What is published when something was changed or has happened (Bondy's topics, also those it names and never publishes). */

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
  /** In the realm that is entered: [username, {session, authmethod, authrole}]. */
  userLoggedIn: 'bondy.user.logged_in',
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
  /** Ours. In the realm it was asked for in: [authrealm, username, {id, issued_at, expires_at, scope}]. */
  ticketIssued: 'bondy.ticket.issued',
  /** Ours. The same; of all at once: [realm, username]. */
  ticketRevoked: 'bondy.ticket.revoked',
  /** In the master realm: [this node, the other one]; each end says so. */
  clusterConnectionUp: 'bondy.cluster.connection.up',
  clusterConnectionDown: 'bondy.cluster.connection.down',
  /** In the master realm: [file]. */
  backupStarted: 'bondy.backup.started',
  backupFinished: 'bondy.backup.finished',
  backupFailed: 'bondy.backup.failed',
  backupRestoreStarted: 'bondy.backup.restore_started',
  backupRestoreFinished: 'bondy.backup.restore_finished',
  backupRestoreFailed: 'bondy.backup.restore_failed',
} as const;
