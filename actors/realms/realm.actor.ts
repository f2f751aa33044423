/** The realm itself: while it lives, the realm is open. What it keeps, its supervisor made; see supervisors/routing.ts. */
import type { Definition } from '../../runtime/kernel/actor.ts';
import { Attendance } from './api.ts';
import type { Realm, RealmDirectory, RealmMessage } from './api.ts';
import type { RealmConfig } from './config.ts';

export interface RealmDependencies {
  readonly directory: RealmDirectory;
  /** All of the realm but its sessions. */
  readonly realm: Omit<Realm, 'attendance' | 'config'>;
  settings(): RealmConfig;
}

export function realm({ directory, realm, settings }: RealmDependencies): Definition<RealmMessage> {
  return {
    class: 'control',
    init(context) {
      const attendance = new Attendance();
      context.own(attendance);
      const opened: Realm = {
        ...realm,
        attendance,
        get config() {
          return settings();
        },
      };
      context.own(directory.open(opened));
      return {
        handle(message) {
          message.reply.reply(realm.members.size);
        },
      };
    },
  };
}
