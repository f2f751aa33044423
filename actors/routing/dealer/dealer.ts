/**
 * Routed RPC (WAMP basic remote_procedure_call.md and the advanced profile's RPC features): which callee gets a
 * call, and how every call gets exactly one final answer, whoever fails on the way.
 *
 * Each request changes the rows first and sends after. What a crash interrupts is therefore known from the rows
 * (calls.ts) and answered by `recover` and `interrupted`.
 */
import type { Stamp } from '../../../runtime/causality/hlc.ts';
import type { RandomSource } from '../../../runtime/kernel/actor.ts';
import type {
  Call,
  Cancel,
  ErrorMessage,
  Id,
  Register,
  Unregister,
  Yield,
} from '../../../runtime/wamp/message.ts';
import { CALL, YIELD } from '../../../runtime/wamp/message.ts';
import { isValidUri } from '../../../runtime/wamp/uri.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { RegistrationEntry } from '../../registry/api.ts';
import type { ContinuedCall, Member, Request } from '../api.ts';
import { patternId } from '../cluster/pattern-ids.ts';
import { PING } from '../../management/api.ts';
import type { Peer, Peers } from '../cluster/peers.ts';
import type { Reports } from '../cluster/reports.ts';
import type { Rows } from '../effects.ts';
import type { MetaProcedures } from '../meta.ts';
import { answerMeta, metaTable, replyTo } from '../meta.ts';
import { BadOption } from '../options.ts';
import { NOT_AUTHORIZED, refusal } from '../refusals.ts';
import { refuseCall, takeOn } from './answers.ts';
import { readCallOptions, unannounced } from './call-options.ts';
import type { Party } from './calls.ts';
import { Calls } from './calls.ts';
import { Dispatcher } from './dispatcher.ts';
import { Endings } from './endings.ts';
import { answerInterrupted, mendCalls } from './recovery.ts';
import type { RegistrarCluster, RegistrarDependencies } from './registrar.ts';
import { Registrar } from './registrar.ts';
import { registrationProcedures } from './registration-meta.ts';
import type { ManagedCalls } from './managed-calls.ts';
import type { RelayedCall } from './relayed-calls.ts';
import { RelayedCalls } from './relayed-calls.ts';
import { RemoteCallees } from './remote-callees.ts';
import type { Callee, Registration } from './registrations.ts';
import { Registrations } from './registrations.ts';
import { Replies } from './replies.ts';

/** What a dealer that is one of many needs besides. */
export interface DealerCluster {
  readonly realm: string;
  /** `name#incarnation`. */
  readonly self: string;
  readonly peers: Peers;
  readonly reports: Reports;
  readonly preferLocal: boolean;
  stamp(): Stamp;
  /** For a procedure that all nodes have to be asked for. True: it is answered later. */
  ask(member: Member, message: Call): boolean;
}

export interface DealerDependencies extends Omit<
  RegistrarDependencies,
  'registrations' | 'calls' | 'cluster'
> {
  /** Undefined: there are no other nodes. */
  readonly cluster?: DealerCluster | undefined;
  /** Tables of a supervisor; they outlive the dealer. */
  readonly registrations: Rows<Id, Registration>;
  readonly parties: Rows<Member, Party>;
  readonly random: RandomSource;
  /** What the router itself answers besides `wamp.registration.*`. Undefined: nothing. */
  readonly procedures?: MetaProcedures | undefined;
  /** What the admin API answers. Undefined: nothing. */
  readonly managed?: ManagedCalls | undefined;
}

export class Dealer {
  readonly registrations: Registrations;
  readonly registrar: Registrar;
  readonly #calls: Calls;
  readonly #dispatcher: Dispatcher;
  readonly #replies: Replies;
  readonly #endings: Endings;
  readonly #procedures: MetaProcedures;
  readonly #remote: RemoteCallees | undefined;
  readonly #relayed: RelayedCalls;
  /** Whose REGISTERED waits for the other nodes. */
  readonly #unannounced: { token: number; registration: Registration; callee: Callee }[] = [];
  readonly #d: DealerDependencies;

  constructor(dependencies: DealerDependencies) {
    this.#d = dependencies;
    const { registrations, parties, random, cluster } = dependencies;
    this.registrations = new Registrations(registrations, random, cluster && patternId);
    this.#procedures = metaTable(registrationProcedures(this.registrations));
    this.#calls = new Calls(parties);
    this.registrar = new Registrar({
      ...dependencies,
      registrations: this.registrations,
      calls: this.#calls,
      cluster: cluster && this.#registrarCluster(cluster),
    });
    const announce = (registration: Registration, callee: Callee): void =>
      this.registrar.announce(registration, callee);
    const shared = { ...dependencies, calls: this.#calls, announce };
    this.#endings = new Endings(this.#calls, dependencies.effects, dependencies.authorizer);
    this.#dispatcher = new Dispatcher({ ...shared, preferLocal: cluster?.preferLocal });
    this.#relayed = new RelayedCalls({ ...shared, registrations: this.registrations });
    this.#remote =
      cluster &&
      new RemoteCallees({
        registrations: this.registrations,
        calls: this.#calls,
        peers: cluster.peers,
        revoke: (registration, callee, isForced) =>
          this.registrar.lose(registration, callee, isForced),
      });
    this.#replies = new Replies({
      ...dependencies,
      calls: this.#calls,
      dispatcher: this.#dispatcher,
    });
  }

  /** Monotonic ms at which `expire` is due; undefined: no call has a deadline. */
  get nextDeadline(): number | undefined {
    return this.#calls.deadlines.next();
  }

  /** Hands over what was counted since the last time. */
  report(): void {
    this.#calls.tally.handOver((counter, by) => this.#d.effects.count(counter, by));
  }

  /** `wamp.registration.*`. A CALL of them given to `call` is answered there. */
  procedures(): MetaProcedures {
    return this.#procedures;
  }

  register(member: Member, message: Register, wall: number): void {
    this.registrar.register(member, message, wall);
  }

  unregister(member: Member, message: Unregister): void {
    this.registrar.unregister(member, message);
  }

  call(member: Member, message: Call | ContinuedCall, now: number): void {
    const party = this.#calls.party(member);
    if ('continues' in message) {
      return this.#dispatcher.continueCall(party, message);
    }
    takeOn(party, CALL, message.request);
    this.#calls.tally.calls++;
    this.#onCall(party, message, now);
    party.answering = 0;
  }

  #onCall(party: Party, message: Call, now: number): void {
    const options = readCallOptions(message.options);
    if (options instanceof BadOption) {
      const why = refusal(ERRORS.invalidArgument, options.detail);
      return refuseCall(this.#calls, party, message.request, why);
    }
    const feature = unannounced(party.member, options);
    if (feature) {
      const detail = `CALL: ${feature} was not announced`;
      return this.#d.effects.abort(party.member, ERRORS.protocolViolation, detail);
    }
    const { procedure } = message;
    const operation = this.#d.managed?.nameOf(procedure);
    if (!this.#mayCall(party.member, operation ?? procedure)) {
      this.#d.effects.count('requests_not_authorized');
      return refuseCall(this.#calls, party, message.request, NOT_AUTHORIZED);
    }
    if (operation !== undefined) return this.#manage(party, message, operation);
    const registration = this.registrations.match(procedure);
    if (!registration) return this.#onUnmatched(party, message);
    if (registration.match !== 'exact') {
      // A client's pattern does not match what is no URI.
      if (!this.#isUri(procedure)) return this.#onUnmatched(party, message);
    }
    this.#dispatcher.start(party, message, options, registration, now);
  }

  /** By whatever name an operation is called, its own is what is granted. */
  #mayCall(member: Member, procedure: string): boolean {
    if (procedure === PING) return true;
    return this.#d.authorizer?.mayI(member, 'call', procedure, 'exact') !== false;
  }

  #manage(party: Party, message: Call, operation: string): void {
    const why = this.#d.managed?.start(party.member, message, operation);
    if (why) refuseCall(this.#calls, party, message.request, why);
    else this.#calls.tally.results++;
  }

  #onUnmatched(party: Party, message: Call): void {
    const { procedure, request } = message;
    const own = this.#d.procedures?.get(procedure) ?? this.#procedures.get(procedure);
    if (own) {
      if (this.#d.cluster?.ask(party.member, message)) return;
      if (answerMeta(party.member, message, own)) this.#calls.tally.results++;
      else this.#calls.tally.errors++;
      return;
    }
    const isUri = this.#isUri(procedure);
    refuseCall(
      this.#calls,
      party,
      request,
      isUri
        ? refusal(ERRORS.noSuchProcedure, 'no such procedure is registered')
        : refusal(ERRORS.invalidUri, 'the procedure is not a valid URI'),
    );
  }

  /** A call of the node's own: only of what the router answers itself. */
  askOwn(asker: Member, message: Call): void {
    const own =
      this.#d.procedures?.get(message.procedure) ?? this.#procedures.get(message.procedure);
    if (!own) return void replyTo(asker, message.request, { error: ERRORS.noSuchProcedure });
    if (!this.#d.cluster?.ask(asker, message)) answerMeta(asker, message, own);
  }

  yield(member: Member, message: Yield, now: number): void {
    this.#replies.yield(member, message, now);
  }

  error(member: Member, message: ErrorMessage, now: number): void {
    this.#replies.error(member, message, now);
  }

  cancel(member: Member, message: Cancel): void {
    this.#endings.cancel(member, message);
  }

  /** The session is over: nothing is sent to it from here on. May be repeated. */
  leave(member: Member): void {
    this.registrar.leave(member);
    this.#endings.left(member);
  }

  /** Ends every call whose time is up. Returns when the next one is due. */
  expire(now: number): number | undefined {
    return this.#endings.expire(now);
  }

  // ---- other nodes

  #registrarCluster({ realm, self, stamp, reports }: DealerCluster): RegistrarCluster {
    return {
      realm,
      self,
      stamp,
      added: (key, entry, registration, callee) => {
        this.#unannounced.push({ token: reports.add(key, entry), registration, callee });
      },
      removed: (key) => reports.remove(key),
      settle: (match, uri) => this.#remote?.settle(match, uri),
    };
  }

  /** Some REGISTERED wait for the other nodes. */
  get isWaiting(): boolean {
    return this.#unannounced.length > 0;
  }

  /** Every node knows what was reported up to this token, or has had its time. */
  announce(token: number): void {
    let ready = 0; // tokens grow
    while (ready < this.#unannounced.length && this.#unannounced[ready].token <= token) ready++;
    for (const { registration, callee } of this.#unannounced.splice(0, ready)) {
      this.registrar.announce(registration, callee);
    }
  }

  /** After a crash: who still waits for REGISTERED has waited long enough. */
  announceAll(): void {
    for (const registration of [...this.registrations.all()]) {
      for (const callee of [...registration.callees]) this.registrar.announce(registration, callee);
    }
  }

  /** False: not something this node understands. */
  addRemote(peer: Peer, id: number, entry: RegistrationEntry): boolean {
    return this.#remote?.add(peer, id, entry) ?? false;
  }

  removeRemote(peer: Peer, id: number, entry: RegistrationEntry): void {
    this.#remote?.remove(peer, id, entry);
  }

  /** Counts as dead: who waits for it waits in vain, and who works for it works in vain. */
  nodeDown(peer: Peer): void {
    for (const proxy of peer.callees.values()) this.#endings.unreachable(proxy);
    for (const proxy of peer.callers.values()) this.#relayed.drop(proxy);
    peer.callers.clear();
  }

  /** Nobody calls a session that has left: who stood for its callers goes, too. */
  forgetCallers(peer: Peer, session: Id): void {
    const proxy = peer.callers.get(session);
    if (!proxy) return;
    this.#relayed.drop(proxy);
    peer.callers.delete(session);
  }

  /** A call from another node. Answers why the callee will not have it. */
  relayed(call: RelayedCall): string | undefined {
    return this.#relayed.start(call);
  }

  relayedChunk({ caller, message }: RelayedCall): void {
    this.#relayed.continue(caller, message);
  }

  relayedInterrupt(caller: Member, request: Id, mode: 'kill' | 'killnowait'): void {
    this.#relayed.interrupt(caller, request, mode);
  }

  /** An answer of another node's callee. */
  answered(peer: Peer, proxy: Member, message: Yield | ErrorMessage, now: number): void {
    if (message.type === YIELD) this.yield(proxy, message, now);
    else this.error(proxy, message, now);
    this.#remote?.release(peer, proxy.id);
  }

  /** A call from another node was taken on. */
  knows(caller: Member, request: Id): boolean {
    return (this.#calls.known(caller)?.lastRequest ?? 0) >= request;
  }

  /** Another node's callee has not seen the call. */
  declined(peer: Peer, proxy: Member, request: Id, detail: string, now: number): void {
    this.#replies.declined(proxy, request, detail, now);
    this.#remote?.release(peer, proxy.id);
  }

  #isUri(uri: string): boolean {
    const { config, uriRule } = this.#d;
    return uri.length <= config.maxUriLength && isValidUri(uri, uriRule, 'exact');
  }

  /**
   * After a crash of the router: ends what it was in the middle of, so that nobody waits in vain. Call it before
   * anything else; `isPresent` says whether the member's session still is in the realm.
   */
  recover(isPresent: (member: Member) => boolean): void {
    this.#d.managed?.recover((caller, request) => {
      const party = this.#calls.known(caller);
      return party?.answering === request && party.answeringType === CALL;
    });
    mendCalls(this.#calls, this.registrar);
    for (const { member } of [...this.#calls.parties()]) {
      if (!isPresent(member)) this.leave(member);
    }
  }

  /** After `recover`: the request that was being handled when the router died. */
  interrupted(member: Member, request: Request): void {
    answerInterrupted(this.#calls, member, request);
  }
}
