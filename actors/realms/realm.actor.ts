/** The realm itself: while it lives, the realm is open. What it keeps, its supervisor made; see supervisors/routing.ts. */
import type { Definition } from '../../runtime/kernel/actor.ts';
import { Attendance } from './api.ts';
import type { Realm, RealmDirectory, RealmMessage } from './api.ts';

export interface RealmDependencies {
  readonly directory: RealmDirectory;
  /** All of the realm but its sessions. */
  readonly realm: Omit<Realm, 'attendance'>;
}

export function realm({ directory, realm }: RealmDependencies): Definition<RealmMessage> {
  return {
    class: 'control',
    init(context) {
      const attendance = new Attendance();
      context.own(attendance);
      context.own(directory.open({ ...realm, attendance }));
      return {
        handle(message) {
          message.reply.reply(realm.members.size);
        },
      };
    },
  };
}
