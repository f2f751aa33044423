/** What a realm must not lose with its router: made by the realm's supervisor, written by whichever router lives. */
import type { Context } from '../../runtime/kernel/actor.ts';
import { SetTable } from '../../runtime/kernel/table.ts';
import type { Id } from '../../runtime/wamp/message.ts';
import type { Member } from './api.ts';
import type { HistoryLog } from './broker/history.ts';
import type { Retained } from './broker/retention.ts';
import type { Subscription } from './broker/subscriptions.ts';
import type { Testaments } from './broker/testaments.ts';
import type { Party } from './dealer/calls.ts';
import type { Registration } from './dealer/registrations.ts';
import type { Rows } from './effects.ts';

export interface RealmRows {
  readonly members: Rows<Id, Member>;
  readonly registrations: Rows<Id, Registration>;
  /** Who calls and is called: the calls in flight. */
  readonly parties: Rows<Member, Party>;
  readonly subscriptions: Rows<Id, Subscription>;
  readonly retained: Rows<string, Retained>;
  readonly history: Rows<string, HistoryLog>;
  readonly testaments: Rows<Id, Testaments>;
}

export class RealmTables {
  readonly members = new SetTable<Id, Member>('members');
  readonly #registrations = new SetTable<Id, Registration>('registrations');
  readonly #parties = new SetTable<Member, Party>('parties');
  readonly #subscriptions = new SetTable<Id, Subscription>('subscriptions');
  readonly #retained = new SetTable<string, Retained>('retained');
  readonly #history = new SetTable<string, HistoryLog>('history');
  readonly #testaments = new SetTable<Id, Testaments>('testaments');

  /** All of them, for the one router that lives. */
  claim(context: Context<never>): RealmRows {
    return {
      members: this.members.claim(context),
      registrations: this.#registrations.claim(context),
      parties: this.#parties.claim(context),
      subscriptions: this.#subscriptions.claim(context),
      retained: this.#retained.claim(context),
      history: this.#history.claim(context),
      testaments: this.#testaments.claim(context),
    };
  }
}
