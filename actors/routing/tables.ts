/** What a realm must not lose with its router: made by the realm's supervisor, written by whichever router lives. */
import type { Context } from '../../runtime/kernel/actor.ts';
import { SetTable } from '../../runtime/kernel/table.ts';
import type { Id } from '../../runtime/wamp/message.ts';
import type { AskedByManagement, Member } from './api.ts';
import type { PendingSubscribe } from './broker/pending-subscribes.ts';
import type { HistoryLog, RecordedEvent } from './broker/history.ts';
import type { Retained } from './broker/retention.ts';
import type { Subscription } from './broker/subscriptions.ts';
import type { Testaments } from './broker/testaments.ts';
import type { Party } from './dealer/calls.ts';
import type { Registration } from './dealer/registrations.ts';
import type { ManagedCall } from './dealer/managed-calls.ts';
import type { Peer } from './cluster/peers.ts';
import type { Question } from './cluster/questions.ts';
import type { Rows } from './effects.ts';
import type { Acknowledgement } from './replicated/acknowledgements.ts';
import type { RowChanges } from './replicated/reports.ts';
import { noChanges } from './replicated/reports.ts';

export interface RealmRows {
  readonly members: Rows<Id, Member>;
  readonly registrations: Rows<Id, Registration>;
  /** Who calls and is called: the calls in flight. */
  readonly parties: Rows<Member, Party>;
  readonly subscriptions: Rows<Id, Subscription>;
  readonly retained: Rows<string, Retained>;
  readonly history: Rows<string, HistoryLog>;
  /** Of the history, those that were published here, by name. */
  readonly recorded: Rows<string, RecordedEvent>;
  /** PUBLISHEDs that wait for the store, by publication. */
  readonly pendingPublishes: Rows<Id, Acknowledgement>;
  readonly testaments: Rows<Id, Testaments>;
  readonly peers: Rows<string, Peer>;
  readonly pendingSubscribes: Rows<PendingSubscribe, PendingSubscribe>;
  readonly questions: Rows<Id, Question>;
  /** Calls that the admin API has not answered. */
  readonly managedCalls: Rows<Id, ManagedCall>;
  /** What the admin API has asked and has no answer to. */
  readonly asked: Rows<Member, AskedByManagement>;
  readonly counters: ClusterCounters;
}

/** What is counted for as long as the realm is open. */
export interface ClusterCounters {
  /** Of the last report to the registry. */
  readonly reports: { token: number };
  /** Of the last invocation to another node, and of the last question. */
  readonly requests: { last: number };
  /** Retained events that the store is still to be told of. */
  readonly retained: RowChanges;
  /** Events of the history that it is still to be told of. */
  readonly recorded: RowChanges;
}

export class RealmTables {
  readonly members = new SetTable<Id, Member>('members');
  readonly #registrations = new SetTable<Id, Registration>('registrations');
  readonly #parties = new SetTable<Member, Party>('parties');
  readonly #subscriptions = new SetTable<Id, Subscription>('subscriptions');
  readonly retained = new SetTable<string, Retained>('retained');
  readonly #history = new SetTable<string, HistoryLog>('history');
  readonly recorded = new SetTable<string, RecordedEvent>('recorded');
  readonly pendingPublishes = new SetTable<Id, Acknowledgement>('publishing');
  readonly #testaments = new SetTable<Id, Testaments>('testaments');
  readonly #peers = new SetTable<string, Peer>('peers');
  readonly #pendingSubscribes = new SetTable<PendingSubscribe, PendingSubscribe>('subscribing');
  readonly #questions = new SetTable<Id, Question>('questions');
  readonly #managedCalls = new SetTable<Id, ManagedCall>('managed');
  readonly #asked = new SetTable<Member, AskedByManagement>('asked');
  readonly counters: ClusterCounters = {
    reports: { token: 0 },
    requests: { last: 0 },
    retained: noChanges(),
    recorded: noChanges(),
  };

  /** All of them, for the one router that lives. */
  claim(context: Context<never>): RealmRows {
    return {
      members: this.members.claim(context),
      registrations: this.#registrations.claim(context),
      parties: this.#parties.claim(context),
      subscriptions: this.#subscriptions.claim(context),
      retained: this.retained.claim(context),
      history: this.#history.claim(context),
      recorded: this.recorded.claim(context),
      pendingPublishes: this.pendingPublishes.claim(context),
      testaments: this.#testaments.claim(context),
      peers: this.#peers.claim(context),
      pendingSubscribes: this.#pendingSubscribes.claim(context),
      questions: this.#questions.claim(context),
      managedCalls: this.#managedCalls.claim(context),
      asked: this.#asked.claim(context),
      counters: this.counters,
    };
  }
}
