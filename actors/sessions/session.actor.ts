/**
 * The process of one session: owns its connection, decodes frames, performs what `session.ts` decides.
 *
 * One mailbox message per socket chunk and one to the router for it, or a few for a chunk of very many frames. A
 * chunk stays in memory until it was handled; `intake.ts` says when nothing more is read.
 */
import type {
  Context,
  Definition,
  Delivery,
  Handlers,
  TimerId,
} from '../../runtime/kernel/actor.ts';
import type {
  CloseCause,
  Connection,
  ConnectionEvents,
  FrameBatch,
} from '../../runtime/net/connection.ts';
import type { DecodeLimits } from '../../runtime/wamp/codec.ts';
import type { Violation } from '../../runtime/wamp/codec.ts';
import { HELLO } from '../../runtime/wamp/message.ts';
import type { Hello, Id, Message } from '../../runtime/wamp/message.ts';
import { CLOSE, ERRORS } from '../../runtime/wamp/uris.ts';
import type { Realm } from '../realms/api.ts';
import type { Member, Request } from '../routing/api.ts';
import type { Authentication, Authenticator, PendingVerdict, Principal } from '../security/api.ts';
import type { CausalClock } from '../store/api.ts';
import { Allowance, refused } from './allowance.ts';
import type { Excess } from './allowance.ts';
import type { Continuity, SessionMessage } from './api.ts';
import type { SessionsConfig } from './config.ts';
import type { SessionEffects, SessionTimer } from './effects.ts';
import { HelloMemo } from './hello-memo.ts';
import type { Introduction } from './hello.ts';
import { Intake } from './intake.ts';
import { MemberOutlet } from './member-outlet.ts';
import { Session } from './session.ts';
import { wantsAnswer } from './wants-answer.ts';

export interface SessionShellDependencies {
  readonly config: () => SessionsConfig;
  readonly agent: string;
  readonly authenticator: Authenticator;
  lookup(realm: string): Realm | undefined;
  /** False: there will be no realm of this name. Else `done` is called when it is there, or is not to be. */
  makeRealm?(realm: string, done: () => void): boolean;
  /** Why not (a reason for GOODBYE), when what let it in was taken back while it waited to come in. */
  mayStay?(realm: string, principal: Principal): string | undefined;
  /** Ms since 1970 at which `mayStay` is to be asked again. Undefined: never. */
  staysUntil?(principal: Principal): number | undefined;
  /** Undefined: a node that is alone. */
  readonly continuity?: Continuity | undefined;
  count(counter: string, by?: number): void;
}

const hellos = new HelloMemo();

/** Timers are not set for longer, and wall clocks are corrected. */
const CHECK_AGAIN_MS = 86_400_000;

/** Requests in one message to the router: so many small ones in a chunk must not hold its turn. */
const MAX_TOGETHER = 128;

export function session(
  dependencies: SessionShellDependencies,
  connection: Connection,
): Definition<SessionMessage> {
  return {
    class: 'data',
    batch: 4, // a message holds up to 32 frames, and who waits behind a flood waits for a batch of each flooder
    init: (context) => new SessionShell(dependencies, connection, context),
  };
}

class SessionShell implements Handlers<SessionMessage>, SessionEffects, ConnectionEvents {
  readonly #d: SessionShellDependencies;
  readonly #connection: Connection;
  readonly #context: Context<SessionMessage>;
  readonly #session: Session;
  readonly #limits: DecodeLimits;
  readonly #intake: Intake;
  #member: Member | undefined;
  #outlet: MemberOutlet | undefined;
  #realm: Realm | undefined;
  readonly #allowance = new Allowance();
  /** Of the message that is being handled. */
  #bytes = 0;
  #requests: Request[] = [];
  #timer: TimerId | undefined;
  #slowTimer: TimerId | undefined;

  constructor(
    dependencies: SessionShellDependencies,
    connection: Connection,
    context: Context<SessionMessage>,
  ) {
    this.#d = dependencies;
    this.#connection = connection;
    this.#context = context;
    this.#intake = new Intake(connection);
    const config = dependencies.config();
    this.#limits = { maxDepth: config.maxDepth };
    context.own({ close: () => connection.destroy() });
    this.#session = new Session({
      config,
      agent: dependencies.agent,
      transport: connection.info,
      authenticator: dependencies.authenticator,
      lookup: dependencies.lookup,
      continuity: dependencies.continuity,
      newId: () => context.random.integer(1, 2 ** 53),
      effects: this,
    });
    connection.attach(this);
    this.#session.open();
  }

  handle(message: SessionMessage): void {
    switch (message.kind) {
      case 'frames':
        return this.#onFrames(message.batch);
      case 'violation':
        return this.#session.violation(message.detail);
      case 'congestion':
        return this.#onCongestion(message.isCongested);
      case 'closed':
        this.#session.closed();
        if (message.cause.kind === 'timed_out') this.#d.count('connections_timed_out');
        return this.#context.exit();
      case 'abort':
        return this.#session.abort(message.reason, message.detail, message.payload);
      case 'goodbye':
        return this.#session.goodbye(message.reason, message.details);
      case 'caught_up':
        return this.#session.caughtUp(message.how);
      case 'decided':
        return this.#onDecided(message.attempt, message.verdict);
      case 'realm_made':
        return this.#onRealmMade(message.hello);
      case 'realm_closed':
        return this.#session.goodbye(CLOSE.closeRealm, {});
      case 'timer':
        return this.#onTimer(message.timer);
    }
  }

  /** Whatever ends this process, its router hears of it here: no router watches thousands of sessions. */
  terminate(): void {
    this.leave();
  }

  // ---- what the connection reports, outside of this process's turns

  onFrames(batch: FrameBatch): void {
    this.#intake.arrived();
    this.#context.self.cast({ kind: 'frames', batch });
  }

  onViolation(detail: string): void {
    this.#context.self.cast({ kind: 'violation', detail });
  }

  onCongestion(isCongested: boolean): void {
    this.#context.self.cast({ kind: 'congestion', isCongested });
  }

  onClose(cause: CloseCause): void {
    this.#context.self.cast({ kind: 'closed', cause });
  }

  // ---- what the machine asks for

  send(message: Parameters<SessionEffects['send']>[0]): ReturnType<SessionEffects['send']> {
    return this.#connection.outlet.send(message);
  }

  join(realm: Realm, id: Id, principal: Principal, introduction: Introduction): void {
    const { clock, self } = this.#context;
    const { maxBacklogBytes } = this.#d.config();
    this.#outlet = new MemberOutlet(this.#connection.outlet, maxBacklogBytes, () => {
      this.#d.count('slow_consumers_aborted');
      const detail = `more than ${maxBacklogBytes} bytes wait to be read`;
      self.cast({ kind: 'abort', reason: ERRORS.slowConsumer, detail });
    });
    this.#member = {
      id,
      authid: principal.authid,
      authrole: principal.authrole,
      authmethod: principal.authmethod,
      authprovider: principal.authprovider,
      authextra: principal.authextra,
      trustlevel: principal.trustlevel,
      subject: principal.subject,
      ticket: principal.ticket,
      features: introduction.features,
      transport: this.#connection.info,
      outlet: this.#outlet,
      session: self,
      joinedAt: clock.wall(),
      lastInvocation: 0,
    };
    this.#realm = realm;
    realm.attendance.enter(self, this.#member);
    this.#checkStay(realm, this.#member);
    const delivery = realm.router.cast({ kind: 'join', member: this.#member });
    if (delivery === 'accepted') return;
    this.#part();
    this.#onRouterFull();
  }

  #checkStay(realm: Realm, member: Member): void {
    const { clock, self } = this.#context;
    const why = this.#d.mayStay?.(realm.uri, member);
    if (why !== undefined) return void self.cast({ kind: 'goodbye', reason: why, details: {} });
    const until = this.#d.staysUntil?.(member);
    if (until === undefined) return;
    const afterMs = Math.min(Math.max(0, until - clock.wall()), CHECK_AGAIN_MS);
    this.#context.after(afterMs, { kind: 'timer', timer: 'ticket' });
  }

  leave(): void {
    const member = this.#member;
    const realm = this.#realm;
    if (!member || !realm) return;
    try {
      this.#hand();
    } finally {
      this.#part();
      realm.router.admit({ kind: 'leave', member });
    }
  }

  forward(request: Request): void {
    const limits = this.#realm?.config.limits;
    const excess =
      limits && this.#allowance.excess(limits, request, this.#bytes, this.#context.clock.now());
    if (excess) this.#refuse(request, excess);
    else this.#pass(request);
  }

  #pass(request: Request): void {
    if (this.#connection.outlet.isCongested && wantsAnswer(request)) this.#pauseForAnswers();
    this.#requests.push(request);
    if (this.#requests.length >= MAX_TOGETHER) this.#flush();
  }

  #refuse(request: Request, excess: Excess): void {
    this.#d.count(excess.counter);
    const { outlet } = this.#connection;
    const what = refused(request, excess, outlet.codec.payload([excess.detail]));
    if (what.kind === 'abort') return this.#session.abort(excess.error, excess.detail);
    if (what.kind === 'forward') return this.#pass(what.message);
    if (what.kind === 'answer') outlet.send(what.message);
    if (outlet.isCongested) this.#pauseForAnswers();
  }

  #onTimer(timer: SessionTimer): void {
    if (timer === 'slow_consumer') return this.#onSlow();
    if (timer !== 'ticket') return this.#session.onTimer(timer);
    if (this.#realm && this.#member) this.#checkStay(this.#realm, this.#member);
  }

  schedule(timer: SessionTimer | undefined, afterMs: number): void {
    if (this.#timer !== undefined) this.#context.cancel(this.#timer);
    this.#timer = timer && this.#context.after(afterMs, { kind: 'timer', timer });
  }

  settle(pending: PendingVerdict, attempt: Authentication): void {
    const { self } = this.#context;
    this.#intake.awaitVerdict();
    pending.settle((verdict) => self.cast({ kind: 'decided', attempt, verdict }));
  }

  #onDecided(...[attempt, verdict]: Parameters<Session['decided']>): void {
    this.#intake.verdictCame(); // it may be pending again
    this.#session.decided(attempt, verdict);
    this.#intake.resume();
  }

  catchUp(clock: CausalClock): void {
    const { self } = this.#context;
    const { catchUpTimeoutMs } = this.#d.config();
    this.#d.continuity!.whenSeen(clock, catchUpTimeoutMs, (how) => {
      self.cast({ kind: 'caught_up', how });
    });
  }

  close(detail: string): void {
    this.#connection.close(detail);
  }

  count(counter: string): void {
    this.#d.count(counter);
  }

  // ---- frames

  #onFrames(batch: FrameBatch): void {
    this.#intake.taken();
    const { codec } = this.#connection.outlet;
    const { bytes, ranges } = batch;
    for (let i = 0; i < ranges.length; i += 2) {
      const [start, end] = [ranges[i], ranges[i + 1]];
      this.#bytes = end - start;
      const message = this.#session.awaitsHello
        ? hellos.decode(codec, bytes, start, end, this.#limits)
        : codec.decode(bytes, start, end, this.#limits);
      if (this.#awaitsRealm(message)) this.#makeRealm(message);
      else this.#session.receive(message);
    }
    this.#flush();
    this.#intake.handled();
  }

  #awaitsRealm(message: Message | Violation): message is Hello {
    if (!this.#session.awaitsHello || !('type' in message) || message.type !== HELLO) return false;
    return this.#d.makeRealm !== undefined && this.#d.lookup(message.realm) === undefined;
  }

  /** Nothing more is read until it is there; its time is that of the HELLO. */
  #makeRealm(hello: Hello): void {
    const { self } = this.#context;
    const done = () => self.cast({ kind: 'realm_made', hello });
    if (!this.#d.makeRealm!(hello.realm, done)) return this.#session.receive(hello);
    this.#intake.awaitVerdict();
  }

  #onRealmMade(hello: Hello): void {
    this.#intake.verdictCame();
    this.#session.receive(hello);
    this.#intake.resume();
  }

  #part(): void {
    this.#outlet?.shut();
    this.#member = undefined;
    this.#realm?.attendance.leave(this.#context.self);
  }

  #flush(): void {
    if (this.#hand() !== 'accepted') this.#onRouterFull();
  }

  #onRouterFull(): void {
    this.#session.abort(ERRORS.unavailable, 'the router of this realm takes no more requests');
  }

  /** What was received goes to the router; refused requests are counted. */
  #hand(): Delivery {
    if (this.#requests.length === 0 || !this.#member || !this.#realm) return 'accepted';
    const requests = this.#requests;
    this.#requests = [];
    const delivery = this.#realm.router.cast({
      kind: 'requests',
      member: this.#member,
      requests,
      done: 0,
    });
    if (delivery !== 'accepted') this.#d.count('requests_refused', requests.length);
    return delivery;
  }

  // ---- overload

  #onCongestion(isCongested: boolean): void {
    if (isCongested) return this.#watchBacklog();
    if (this.#slowTimer !== undefined) this.#context.cancel(this.#slowTimer);
    this.#slowTimer = undefined;
    this.#intake.answersRead();
  }

  /** Who does not read its answers is not read from either; its backlog cannot grow by its own doing. */
  #pauseForAnswers(): void {
    if (this.#intake.awaitReader()) this.#d.count('callers_paused');
  }

  #watchBacklog(): void {
    this.#slowTimer ??= this.#context.after(this.#d.config().slowConsumerTimeoutMs, {
      kind: 'timer',
      timer: 'slow_consumer',
    });
  }

  #onSlow(): void {
    this.#slowTimer = undefined;
    if (!this.#connection.outlet.isCongested) return;
    // Only its own results wait: pausing its input bounds them, so it may take its time.
    if (!this.#outlet?.hasEventsWaiting) return this.#watchBacklog();
    this.#d.count('slow_consumers_aborted');
    this.#session.abort(ERRORS.slowConsumer, 'the outbound queue stayed full for too long');
  }
}
