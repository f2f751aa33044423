/** The realm itself: while it lives, the realm is open. What it keeps, its supervisor made; see supervisors/routing.ts. */
import type { Definition } from '../../runtime/kernel/actor.ts';
import type { Realm, RealmDirectory, RealmMessage } from './api.ts';

export interface RealmDependencies {
  readonly directory: RealmDirectory;
  /** All of the realm but the actor that keeps it. */
  readonly realm: Omit<Realm, 'keeper'>;
}

export function realm({ directory, realm }: RealmDependencies): Definition<RealmMessage> {
  return {
    class: 'control',
    init(context) {
      context.own(directory.open({ ...realm, keeper: context.self }));
      return {
        handle(message) {
          message.reply.reply(realm.members.size);
        },
      };
    },
  };
}
