/** What the node publishes in its own name beside changes of its data: logins, links to other nodes, backups. */
import { TOPICS } from '../actors/management/topics.ts';
import type { Authenticator } from '../actors/security/api.ts';
import type { RealmDirectory } from '../actors/realms/api.ts';
import type { Value } from '../runtime/wamp/message.ts';
import type { BackupEvent } from './backup/backups.ts';
import { observedAuthenticator } from './observed.ts';

const BACKUP_TOPICS = {
  started: TOPICS.backupStarted,
  finished: TOPICS.backupFinished,
  failed: TOPICS.backupFailed,
  restore_started: TOPICS.backupRestoreStarted,
  restore_finished: TOPICS.backupRestoreFinished,
  restore_failed: TOPICS.backupRestoreFailed,
} as const satisfies Readonly<Record<BackupEvent['kind'], string>>;

export class Announcements {
  readonly #directory: RealmDirectory;
  readonly #masterRealm: string;

  constructor(directory: RealmDirectory, masterRealm: string) {
    this.#directory = directory;
    this.#masterRealm = masterRealm;
  }

  /** Nobody is told in a realm that is not open. */
  tell(realm: string, topic: string, args: readonly Value[]): void {
    this.#directory.lookup(realm)?.router.cast({ kind: 'told', topic, args });
  }

  backup(kind: BackupEvent['kind'], filename: string): void {
    this.tell(this.#masterRealm, BACKUP_TOPICS[kind], [filename]);
  }

  connection(state: 'up' | 'down', self: string, peer: string): void {
    const topic = state === 'up' ? TOPICS.clusterConnectionUp : TOPICS.clusterConnectionDown;
    this.tell(this.#masterRealm, topic, [self, peer]);
  }
}

/** Who proves nothing has not logged in. */
export function announcedLogins(inner: Authenticator, announcements: Announcements): Authenticator {
  return observedAuthenticator(inner, ({ realm, sessionId: session }) => (verdict) => {
    if (verdict.kind !== 'welcome') return;
    const { authid, authmethod, authrole, subject } = verdict.principal;
    if (authmethod === 'anonymous') return;
    const about = { session, authmethod, authrole };
    announcements.tell(realm, TOPICS.userLoggedIn, [subject?.username ?? authid, about]);
  });
}
