/** A session machine with everything around it recorded. */
import type { SendResult, TransportInfo } from '../../../runtime/net/connection.ts';
import type { Dict, Message, RouterMessage } from '../../../runtime/wamp/message.ts';
import { HELLO, WELCOME } from '../../../runtime/wamp/message.ts';
import { RealmDirectory } from '../../../actors/realms/api.ts';
import { Attendance } from '../../../actors/realms/api.ts';
import type { Realm } from '../../../actors/realms/api.ts';
import { REALM_DEFAULTS } from '../../../actors/realms/config.ts';
import type { RealmConfig } from '../../../actors/realms/config.ts';
import type { Continuity } from '../../../actors/sessions/api.ts';
import type { CausalClock } from '../../../actors/store/api.ts';
import type { Member, Request } from '../../../actors/routing/api.ts';
import { authentication } from '../../../supervisors/authentication.ts';
import { defaultNodeConfig } from '../../../supervisors/config.ts';
import type {
  Authentication,
  Authenticator,
  PendingVerdict,
} from '../../../actors/security/api.ts';
import { SESSIONS_DEFAULTS } from '../../../actors/sessions/config.ts';
import type { SessionEffects, SessionTimer } from '../../../actors/sessions/effects.ts';
import { Session } from '../../../actors/sessions/session.ts';

const CONFIG = defaultNodeConfig();

export const TRANSPORT: TransportInfo = {
  kind: 'rawsocket',
  batched: false,
  tls: false,
  peer: { address: '127.0.0.1', port: 4711 },
  listener: 'test',
};

export const ROLES: Dict = { roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } };

export function testRealm(config: Partial<RealmConfig> = {}): Realm {
  return {
    uri: 'realm1',
    config: { ...REALM_DEFAULTS, uri: 'realm1', authmethods: ['anonymous'], ...config },
    attendance: new Attendance(),
    router: { cast: () => 'accepted', admit: () => {} },
    members: new Map<number, Member>(),
    features: { broker: ['publisher_exclusion'], dealer: ['call_canceling'] },
  };
}

export class SessionUnderTest implements SessionEffects {
  readonly sent: RouterMessage[] = [];
  readonly forwarded: Request[] = [];
  /** What happened, in order: `send 2`, `join`, `leave`, `close`. */
  readonly log: string[] = [];
  timer: SessionTimer | undefined;
  /** For the peer's frame limit. */
  welcomeIsTooLarge = false;
  readonly session: Session;
  readonly counted: string[] = [];
  readonly verdicts: (() => void)[] = [];
  readonly #continuity: Continuity | undefined;

  constructor(realm: Realm = testRealm(), continuity?: Continuity, authenticator?: Authenticator) {
    this.#continuity = continuity;
    const directory = new RealmDirectory();
    directory.open(realm);
    let id = 1000;
    this.session = new Session({
      config: SESSIONS_DEFAULTS,
      agent: 'bondy-ts-test',
      transport: TRANSPORT,
      authenticator:
        authenticator ??
        authentication({
          config: () => CONFIG,
          directory,
          clock: { now: () => 0, wall: () => 0 },
          policy: undefined,
          secret: new Uint8Array(32),
          count: (counter) => this.count(counter),
        }),
      lookup: (uri) => directory.lookup(uri),
      newId: () => ++id,
      continuity,
      effects: this,
    });
    this.session.open();
  }

  /** Opens the session as an ordinary client does. */
  established(): this {
    this.receive({ type: HELLO, realm: 'realm1', details: ROLES });
    this.sent.length = 0;
    this.log.length = 0;
    return this;
  }

  receive(message: Message): void {
    this.session.receive(message);
  }

  send(message: RouterMessage): SendResult {
    if (message.type === WELCOME && this.welcomeIsTooLarge) return 'too_large';
    this.sent.push(message);
    this.log.push(`send ${message.type}`);
    return 'sent';
  }

  join(): void {
    this.log.push('join');
  }

  leave(): void {
    this.log.push('leave');
  }

  forward(request: Request): void {
    this.forwarded.push(request);
    this.log.push(`forward ${request.type}`);
  }

  schedule(timer: SessionTimer | undefined): void {
    this.timer = timer;
  }

  close(): void {
    this.log.push('close');
  }

  /** What is delivered waits for `deliver()`, as it would for the session's turn. */
  settle(pending: PendingVerdict, attempt: Authentication): void {
    this.log.push('settle');
    pending.settle((verdict) => this.verdicts.push(() => this.session.decided(attempt, verdict)));
  }

  deliver(): void {
    for (const verdict of this.verdicts.splice(0)) verdict();
  }

  catchUp(clock: CausalClock): void {
    this.log.push('catch up');
    this.#continuity!.whenSeen(clock, SESSIONS_DEFAULTS.catchUpTimeoutMs, (how) =>
      this.session.caughtUp(how),
    );
  }

  count(what: string): void {
    this.counted.push(what);
  }
}
