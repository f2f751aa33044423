/**
 * The router of one realm: the process in which its dealer and its broker decide, one request at a time.
 *
 * Nothing is lost with it: requests wait in a mailbox its supervisor keeps, rows in tables. Its successor takes up
 * both, and answers the one request that was being handled when it died.
 */
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import { PUBLISH } from '../../runtime/wamp/message.ts';
import type { Dict, Id, Payload, Value } from '../../runtime/wamp/message.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Member, RouterInput } from './api.ts';
import { assembleRouter } from './assembly.ts';
import type { Broker } from './broker/broker.ts';
import type { Cluster, ClusterInput } from './cluster/cluster.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import type { Dealer } from './dealer/dealer.ts';
import type { Announcement, RoutingEffects } from './effects.ts';
import type { Farewells } from './farewells.ts';
import { FollowUps } from './follow-ups.ts';
import type { Managing } from './managing.ts';
import { announceJoin, announceLeave } from './session-events.ts';
import { answerInterrupted, decide } from './requests.ts';
import type { Cores } from './requests.ts';
import { earlier } from './replicated/replication.ts';
import type { Replication } from './replicated/replication.ts';
import type { Reviewing } from './reviewing.ts';
import type { RouterDependencies } from './router-dependencies.ts';
import type { RealmRows } from './tables.ts';

export function router(dependencies: RouterDependencies): Definition<RouterInput> {
  return {
    class: 'control',
    batch: 4, // a message holds up to 128 requests
    mailbox: dependencies.mailbox,
    init: (context) => new Router(dependencies, context),
  };
}

const LOST = 'the router failed while this session joined';

type Requests = Extract<RouterInput, { kind: 'requests' }>;

class Router implements Handlers<RouterInput>, RoutingEffects {
  readonly #d: RouterDependencies;
  readonly #context: Context<RouterInput>;
  readonly #rows: RealmRows;
  readonly #broker: Broker;
  readonly #dealer: Dealer;
  readonly #cores: Cores;
  readonly #cluster: Cluster | undefined;
  readonly #farewells: Farewells | undefined;
  readonly #replication: Replication;
  readonly #managing: Managing;
  readonly #reviewing: Reviewing;
  readonly #isProxy: (member: Member) => boolean;
  readonly #followUps = new FollowUps({
    announce: (announcement) => this.#publish(announcement),
    expel: (member) => this.#onLeave(member),
  });
  /** For the call that is due first. */
  readonly #timer: DeadlineTimer;

  constructor(dependencies: RouterDependencies, context: Context<RouterInput>) {
    this.#d = dependencies;
    this.#context = context;
    this.#rows = dependencies.tables.claim(context);
    this.#timer = new DeadlineTimer(context);
    const parts = assembleRouter(dependencies, {
      context,
      rows: this.#rows,
      effects: this,
      followUps: this.#followUps,
      isMember: (member) => this.#isMember(member),
      giveUpLater: (question) => this.#giveUpLater(question),
    });
    this.#broker = parts.broker;
    this.#dealer = parts.dealer;
    this.#cores = { broker: parts.broker, dealer: parts.dealer };
    this.#cluster = parts.cluster;
    this.#farewells = parts.farewells;
    this.#replication = parts.replication;
    this.#managing = parts.managing;
    this.#reviewing = parts.reviewing;
    this.#isProxy = parts.isProxy;
    this.#recover();
  }

  handle(input: RouterInput): void {
    this.#handle(input);
    this.#farewells?.witnesses.refresh();
    if (this.#cluster) this.#report(this.#cluster);
    this.#replication.report();
  }

  #handle(input: RouterInput): void {
    switch (input.kind) {
      case 'requests':
        return this.#onRequests(input);
      case 'join':
        return this.#onJoin(input.member);
      case 'leave':
        return this.#onLeave(input.member);
      case 'expire':
        return this.#expire();
      case 'sweep':
        return this.#sweep();
      case 'review':
        if (input.isNext) this.#reviewing.step();
        else this.#reviewing.begin();
        return this.#settle();
      case 'retained':
        return this.#broker.retained(input, this.#context.clock.wall());
      case 'registry':
        this.#farewells?.registry(input.event, () => this.#onCluster(input));
        return this.#settle();
      case 'recorded':
        return this.#broker.recorded(input);
      case 'stored':
        return this.#replication.acknowledgements?.stored(input);
      case 'relayed':
      case 'announce':
      case 'give_up':
        this.#onCluster(input);
        return this.#settle();
      case 'managed':
        return this.#managing.calls?.answered(input.id, input.outcome);
      case 'asked':
        this.#managing.asked(input, this.#dealer);
        return this.#settle();
      case 'told':
        this.#followUps.announce(input.topic, input.args);
        return this.#settle();
    }
  }

  #onCluster(input: ClusterInput): void {
    this.#cluster?.handle(input, this.#context.clock);
  }

  /** Takes over from a router that died, if one did. */
  #recover(): void {
    this.#broker.recover(this.#context.clock.wall());
    this.#replication.acknowledgements?.recover();
    this.#managing.recover();
    this.#dealer.recover((member) => this.#isMember(member) || this.#isProxy(member));
    if (this.#cluster) this.#rejoin(this.#cluster);
    const interrupted = this.#d.mailbox.takeInterrupted();
    if (interrupted) this.#resume(interrupted);
    this.#d.mailbox.admit({ kind: 'review', isNext: false });
    this.#sweep();
    this.#schedule();
    this.#replication.report();
  }

  /** Ends what the dead router was doing, without doing it again; what it had not begun is put back. */
  #resume(input: RouterInput): void {
    switch (input.kind) {
      case 'requests':
        return this.#resumeRequests(input);
      case 'join': {
        // Or it would send requests as a stranger, which nobody answers.
        const { session } = input.member;
        if (this.#isMember(input.member)) return;
        return void session?.cast({ kind: 'abort', reason: ERRORS.internal, detail: LOST });
      }
      case 'leave':
        return this.#onLeave(input.member);
      case 'stored': // behind what recovery has answered
        return this.#replication.acknowledgements?.stored(input);
      case 'relayed':
        this.#cluster?.interrupted(input);
        input.done += 1;
        return this.#d.mailbox.putBack(input);
      case 'expire':
      case 'sweep':
      case 'review': // begun anew
      case 'retained': // read anew
      case 'recorded':
      case 'registry': // it is told everything anew
      case 'announce':
      case 'give_up':
      case 'managed': // their rows are answered
      case 'asked': // its row is answered
      case 'told':
        return; // done anew anyway
    }
  }

  #resumeRequests(input: Requests): void {
    const { member, requests, isAnswered } = input;
    const request = requests[input.done];
    input.isAnswered = false;
    input.done += 1;
    this.#d.mailbox.putBack(input);
    if (!isAnswered && this.#isMember(member)) answerInterrupted(this.#cores, member, request);
  }

  // ---- requests

  #onRequests(input: Requests): void {
    const { member, requests } = input;
    const now = this.#context.clock.now();
    const wall = this.#context.clock.wall();
    while (input.done < requests.length) {
      if (!this.#isMember(member)) {
        this.#d.count('requests_of_the_departed', requests.length - input.done);
        return;
      }
      decide(this.#cores, member, requests[input.done], now, wall);
      if (!this.#followUps.isEmpty) this.#finish(input);
      input.done += 1;
    }
    this.#dealer.report();
    this.#schedule();
  }

  /** What follows from a request that has its answer. */
  #finish(input: Requests): void {
    input.isAnswered = true;
    this.#followUps.run();
    input.isAnswered = false;
  }

  // ---- members

  #onJoin(member: Member): void {
    this.#rows.members.set(member.id, member);
    this.#d.count('sessions_opened');
    this.#farewells?.witnesses.joined(member);
    announceJoin(member, this);
    this.#followUps.publish();
  }

  #isMember(member: Member): boolean {
    return this.#rows.members.get(member.id) === member;
  }

  /** Once per member, whether it says so or just dies. */
  #onLeave(member: Member): void {
    if (!this.#isMember(member)) return;
    this.#dealer.leave(member);
    this.#broker.leave(member);
    this.#cluster?.left(member);
    this.#rows.members.delete(member.id);
    this.#d.count('sessions_closed');
    this.#farewells?.witnesses.left(member);
    announceLeave(member, this);
    this.#followUps.publish();
    this.#dealer.report();
    this.#schedule();
  }

  // ---- other nodes

  /** What follows from what was no request. */
  #settle(): void {
    this.#followUps.run();
    this.#dealer.report();
    this.#schedule();
  }

  /** Tells the registry what changed, and gives the other nodes only so long to know it. */
  #report(cluster: Cluster): void {
    const token = cluster.flush();
    if (token === undefined) return;
    const { announceTimeoutMs } = this.#d.cluster!.config;
    this.#context.after(announceTimeoutMs, { kind: 'announce', token });
  }

  #giveUpLater(question: Id): void {
    const { questionTimeoutMs } = this.#d.cluster!.config;
    this.#context.after(questionTimeoutMs, { kind: 'give_up', question });
  }

  /** Who waited for other nodes when the last router died waits no longer. */
  #rejoin(cluster: Cluster): void {
    cluster.recover();
    this.#settle();
    cluster.attach();
  }

  // ---- what the cores ask for

  abort(member: Member, reason: string, detail: string): void {
    if (this.#isProxy(member)) return this.#d.count('relay_violations');
    this.#followUps.doom(member);
    member.session?.cast({ kind: 'abort', reason, detail });
  }

  goodbye(member: Member, reason: string, details: Dict): void {
    member.session?.cast({ kind: 'goodbye', reason, details });
  }

  afterwards(task: () => void): void {
    this.#followUps.afterwards(task);
  }

  get isHeard(): boolean {
    return this.#broker.hearsMeta;
  }

  announce(topic: string, args: readonly Value[], kwargs?: Dict): void {
    if (this.isHeard) this.#followUps.announce(topic, args, kwargs);
  }

  publishAs(member: Member, topic: string, options: Dict, payload: Payload): void {
    const now = this.#context.clock.wall();
    this.#broker.publish(member, { type: PUBLISH, request: 0, options, topic, payload }, now);
  }

  count(counter: string, by?: number): void {
    this.#d.count(counter, by);
  }

  #publish({ topic, args, kwargs, isHere }: Announcement): void {
    this.#broker.announce(topic, args, kwargs, this.#context.clock.wall(), isHere);
  }

  // ---- time

  #expire(): void {
    this.#timer.fired();
    const now = this.#context.clock.now();
    this.#dealer.expire(now);
    this.#replication.acknowledgements?.expire(now);
    this.#dealer.report();
    this.#schedule();
  }

  #schedule(): void {
    const { acknowledgements } = this.#replication;
    this.#timer.set(earlier(this.#dealer.nextDeadline, acknowledgements?.nextDeadline));
  }

  #sweep(): void {
    this.#broker.expire(this.#context.clock.wall());
    this.#context.after(this.#d.broker.retention.sweepIntervalMs, { kind: 'sweep' });
  }
}
