/**
 * REGISTER, UNREGISTER and everything that takes a registration away (WAMP basic remote_procedure_call, advanced
 * pattern_based_registration, shared_registration, registration_revocation, meta_api_registrations).
 */
import type { Dict, Id, Register, Unregister } from '../../../runtime/wamp/message.ts';
import { REGISTER, REGISTERED, UNREGISTER, UNREGISTERED } from '../../../runtime/wamp/message.ts';
import type { UriRule } from '../../../runtime/wamp/uri.ts';
import { isValidUri } from '../../../runtime/wamp/uri.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Stamp } from '../../../runtime/causality/hlc.ts';
import type { RegistrationEntry } from '../../registry/api.ts';
import type { Action, Authorizer } from '../../security/api.ts';
import type { Member } from '../api.ts';
import type { DealerConfig } from '../config.ts';
import type { RoutingEffects } from '../effects.ts';
import { BadOption } from '../options.ts';
import type { Refusal } from '../refusals.ts';
import { errorFor, INTERRUPTED, NOT_AUTHORIZED, refusal } from '../refusals.ts';
import { isReserved } from '../reserved.ts';
import { takeOn } from './answers.ts';
import type { Calls, Party } from './calls.ts';
import type { InvokePolicy } from './invoke-policies.ts';
import type { RegisterOptions } from './register-options.ts';
import { readRegisterOptions } from './register-options.ts';
import type { Callee, Registration, Registrations } from './registrations.ts';
import { calleeOf } from './registrations.ts';

export interface RegistrarDependencies {
  readonly registrations: Registrations;
  readonly calls: Calls;
  readonly effects: RoutingEffects;
  readonly config: DealerConfig;
  readonly authorizer?: Authorizer | undefined;
  readonly uriRule: UriRule;
  /** Undefined: there are no other nodes. */
  readonly cluster?: RegistrarCluster | undefined;
  /** May this member register `wamp.` and `bondy.` procedures? Default: nobody may. */
  mayRegisterReserved?(member: Member): boolean;
}

/** What a registrar that is one of many does besides. */
export interface RegistrarCluster {
  readonly realm: string;
  /** `name#incarnation`. */
  readonly self: string;
  stamp(): Stamp;
  /** To be told to the other nodes; `Registrar.announce` follows when they know. */
  added(key: string, entry: RegistrationEntry, registration: Registration, callee: Callee): void;
  removed(key: string): void;
  /** Something has changed under this pattern. */
  settle(match: Registration['match'], uri: string): void;
}

/** Why a registration was lost to another node's. */
export const CONFLICT = 'bondy.registration.conflict';
export const TAKEN_OVER = 'bondy.registration.taken_over';

export class Registrar {
  readonly #d: RegistrarDependencies;

  constructor(dependencies: RegistrarDependencies) {
    this.#d = dependencies;
  }

  /** `wall`: ms since the epoch, shown by the meta API. */
  register(member: Member, message: Register, wall: number): void {
    const party = this.#d.calls.party(member);
    takeOn(party, REGISTER, message.request);
    const options = readRegisterOptions(message.options);
    if (options instanceof BadOption) {
      const why = refusal(ERRORS.invalidArgument, options.detail);
      return refuse(party, REGISTER, message.request, why);
    }
    const why = this.#mayRegister(member, message.procedure, options);
    if (why) return refuse(party, REGISTER, message.request, why);
    this.#enter(party, message, options, wall);
  }

  unregister(member: Member, message: Unregister): void {
    const party = this.#d.calls.party(member);
    takeOn(party, UNREGISTER, message.request);
    const registration = this.#d.registrations.get(message.registration);
    const callee = registration && calleeOf(registration, member);
    if (!registration || !callee) {
      const detail = `this session has no registration ${message.registration}`;
      const why = refusal(ERRORS.noSuchRegistration, detail);
      return refuse(party, UNREGISTER, message.request, why);
    }
    if (!this.#may(member, 'unregister', registration.uri, registration.match)) {
      return refuse(party, UNREGISTER, message.request, NOT_AUTHORIZED);
    }
    if (callee.pending > 0) this.announce(registration, callee);
    const wasLast = this.#remove(registration, callee);
    member.outlet.send({ type: UNREGISTERED, request: message.request });
    party.answering = 0;
    this.#announceRemoval(member, registration, wasLast);
  }

  /** The other nodes know, or have had their time: REGISTERED, and what follows from it. Once. */
  announce(registration: Registration, callee: Callee): void {
    const { pending: request, member } = callee;
    if (request === 0) return;
    callee.pending = 0;
    member.outlet.send({ type: REGISTERED, request, registration: registration.id });
    this.#announceCreation(member, registration);
  }

  /** It has lost to a registration of another node. */
  lose(registration: Registration, callee: Callee, isForced: boolean): void {
    const { member, pending: request } = callee;
    const wasLast = this.#remove(registration, callee);
    this.#d.effects.count('registration_conflicts');
    if (request > 0) {
      callee.pending = 0;
      const why = refusal(ERRORS.procedureAlreadyExists, 'another node has registered it');
      return void member.outlet.send(errorFor(member, REGISTER, request, why));
    }
    this.#d.effects.count('registrations_revoked');
    sendRevocation(callee, registration.id, isForced ? TAKEN_OVER : CONFLICT);
    this.#announceRemoval(member, registration, wasLast);
  }

  /** What the other nodes are to know of this one. */
  entries(): { key: string; entry: RegistrationEntry }[] {
    const { cluster, registrations } = this.#d;
    if (!cluster) return [];
    return [...registrations.all()].flatMap((registration) =>
      registration.callees
        .filter(({ remote }) => !remote)
        .map((callee) => ({
          key: keyOf(registration, callee),
          entry: entryOf(cluster.realm, registration, callee),
        })),
    );
  }

  /** Takes a registration from one callee, or from all, and tells those that announced registration_revocation. */
  revoke(registration: Registration, reason: string, only?: Member): void {
    const gone = registration.callees.filter(
      ({ member, remote }) => !remote && (!only || member === only),
    );
    for (const callee of gone) this.#revokeOne(registration, callee, reason, true);
  }

  #revokeOne(registration: Registration, callee: Callee, reason: string, settles: boolean): void {
    if (callee.pending > 0) this.announce(registration, callee);
    const wasLast = this.#remove(registration, callee, settles);
    this.#d.effects.count('registrations_revoked');
    sendRevocation(callee, registration.id, reason);
    this.#announceRemoval(callee.member, registration, wasLast);
  }

  leave(member: Member): void {
    for (const registration of [...this.#d.registrations.of(member)]) {
      const callee = calleeOf(registration, member);
      if (!callee) continue;
      const wasLast = this.#remove(registration, callee);
      if (callee.pending === 0) this.#announceRemoval(member, registration, wasLast);
    }
  }

  /** Answers a REGISTER that a crash interrupted: it is registered, or it is refused. */
  recover(party: Party): void {
    const { registering, answering, member } = party;
    party.registering = undefined;
    const callee = registering && calleeOf(registering, member);
    if (!registering || !callee) {
      return refuse(party, party.answeringType, answering, INTERRUPTED);
    }
    callee.pending = 0;
    member.outlet.send({ type: REGISTERED, request: answering, registration: registering.id });
    party.answering = 0;
  }

  #mayRegister(member: Member, uri: string, options: RegisterOptions): Refusal | undefined {
    const { config, registrations, authorizer } = this.#d;
    const { match } = options;
    if (uri.length > config.maxUriLength || !isValidUri(uri, this.#d.uriRule, match)) {
      return refusal(ERRORS.invalidUri, `the procedure is not a valid URI for match ${match}`);
    }
    if (isReserved(uri) && !this.#d.mayRegisterReserved?.(member)) {
      return refusal(ERRORS.invalidUri, 'procedures of wamp. and bondy. are the router’s own');
    }
    if (!this.#may(member, 'register', uri, match)) return NOT_AUTHORIZED;
    if (registrations.of(member).size >= config.maxRegistrationsPerSession) {
      return refusal(ERRORS.limitExceeded, 'this session has as many registrations as it may have');
    }
    const { maxWildcardsPerSession } = config;
    if (match === 'wildcard' && registrations.wildcardsOf(member) >= maxWildcardsPerSession) {
      return refusal(ERRORS.limitExceeded, 'this session has as many wildcards as it may have');
    }
    if (
      options.discloseCaller &&
      authorizer?.mayDisclose(member, 'register', uri, match) === false
    ) {
      return refusal(ERRORS.optionNotAllowed, 'disclose_caller is not allowed here');
    }
    if (options.force) {
      if (!config.allowForceReregister) {
        return refusal(ERRORS.optionNotAllowed, 'force_reregister is not allowed here');
      }
      // It unregisters others.
      return this.#may(member, 'unregister', uri, match) ? undefined : NOT_AUTHORIZED;
    }
    const existing = registrations.find(match, uri);
    return existing && this.#mayShare(member, existing, options.invoke);
  }

  #may(member: Member, action: Action, uri: string, match: Registration['match']): boolean {
    if (this.#d.authorizer?.mayI(member, action, uri, match) !== false) return true;
    this.#d.effects.count('requests_not_authorized');
    return false;
  }

  #mayShare(member: Member, existing: Registration, invoke: InvokePolicy): Refusal | undefined {
    if (calleeOf(existing, member)) {
      return refusal(ERRORS.procedureAlreadyExists, 'this session has registered it already');
    }
    if (existing.invoke === 'single' || existing.invoke !== invoke) {
      const detail = `it is registered with invoke policy ${existing.invoke}`;
      return refusal(ERRORS.procedureAlreadyExists, detail);
    }
    if (existing.callees.length >= this.#d.config.maxCalleesPerRegistration) {
      return refusal(ERRORS.limitExceeded, 'the procedure has as many callees as it may have');
    }
    return undefined;
  }

  #enter(party: Party, { request, procedure }: Register, options: RegisterOptions, wall: number) {
    const { registrations } = this.#d;
    const { member } = party;
    let existing = registrations.find(options.match, procedure);
    if (existing && options.force) {
      this.#clear(existing);
      existing = undefined;
    }
    const callee = newCallee(party, options, this.#d.cluster);
    if (existing) registrations.add(existing, callee);
    const registration =
      existing ?? registrations.create(procedure, options.match, options.invoke, wall, callee);
    party.registering = registration;
    if (this.#d.cluster) return this.#enterEverywhere(party, request, registration, callee);
    member.outlet.send({ type: REGISTERED, request, registration: registration.id });
    party.registering = undefined;
    party.answering = 0;
    this.#announceCreation(member, registration);
  }

  /** REGISTERED waits for the other nodes. */
  #enterEverywhere(party: Party, request: Id, registration: Registration, callee: Callee): void {
    const cluster = this.#d.cluster!;
    callee.pending = request;
    party.registering = undefined;
    party.answering = 0;
    const entry = entryOf(cluster.realm, registration, callee);
    cluster.added(keyOf(registration, callee), entry, registration, callee);
    cluster.settle(registration.match, registration.uri);
  }

  /** By force: callees here are told; those elsewhere are by their own nodes, which see that they lost. */
  #clear(registration: Registration): void {
    for (const callee of [...registration.callees]) {
      if (callee.remote) this.#d.registrations.remove(registration, callee);
      else this.#revokeOne(registration, callee, TAKEN_OVER, false);
    }
  }

  #remove(registration: Registration, callee: Callee, settles = true): boolean {
    const { registrations, cluster } = this.#d;
    const wasLast = registrations.remove(registration, callee);
    cluster?.removed(keyOf(registration, callee));
    if (settles) cluster?.settle(registration.match, registration.uri);
    return wasLast;
  }

  #announceCreation(member: Member, registration: Registration): void {
    const { effects } = this.#d;
    effects.count('registrations');
    if (!registration.isAnnounced) {
      registration.isAnnounced = true;
      if (effects.isHeard) {
        effects.announce('wamp.registration.on_create', [member.id, describe(registration)]);
      }
    }
    if (!effects.isHeard) return;
    effects.announce('wamp.registration.on_register', [member.id, registration.id]);
  }

  #announceRemoval(member: Member, registration: Registration, wasLast: boolean): void {
    const { effects } = this.#d;
    if (!effects.isHeard) return;
    const args = [member.id, registration.id];
    effects.announce('wamp.registration.on_unregister', args);
    if (wasLast) effects.announce('wamp.registration.on_delete', args);
  }
}

/** A registration as the meta API shows it. */
export function describe({ id, created, uri, match, invoke }: Registration): Dict {
  return { id, created: new Date(created).toISOString(), uri, match, invoke };
}

function newCallee(
  party: Party,
  options: RegisterOptions,
  cluster: RegistrarCluster | undefined,
): Callee {
  const { member } = party;
  const features = member.features.callee;
  return {
    member,
    party,
    concurrency: options.concurrency,
    discloseCaller: options.discloseCaller,
    forwardTimeout: options.forwardTimeout && (features?.has('call_timeout') ?? false),
    canCancel: features?.has('call_canceling') ?? false,
    running: 0,
    stamp: cluster ? cluster.stamp() : 0n,
    node: cluster ? cluster.self : '',
    isForced: options.force && cluster !== undefined,
    pending: 0,
    remote: undefined,
  };
}

function keyOf(registration: Registration, { member }: Callee): string {
  return `r:${registration.id}:${member.id}`;
}

function entryOf(realm: string, registration: Registration, callee: Callee): RegistrationEntry {
  const { id, uri, match, invoke, created } = registration;
  const { member, concurrency, discloseCaller, forwardTimeout, stamp, isForced } = callee;
  const features = CALLEE_FEATURES.filter((feature) => member.features.callee?.has(feature));
  return {
    kind: 'registration',
    realm,
    uri,
    match,
    invoke,
    session: member.id,
    registration: id,
    concurrency,
    discloseCaller,
    forwardTimeout,
    features,
    stamp,
    isForced,
    created,
  };
}

/** What a dealer asks a callee's announcements for. */
const CALLEE_FEATURES = [
  'call_canceling',
  'call_reroute',
  'call_timeout',
  'payload_passthru_mode',
  'progressive_call_invocations',
  'progressive_call_results',
] as const;

function sendRevocation(callee: Callee, registration: Id, reason: string): void {
  if (!callee.member.features.callee?.has('registration_revocation')) return;
  const details = { registration, reason };
  callee.member.outlet.send({ type: UNREGISTERED, request: 0, details });
}

function refuse(party: Party, requestType: number, request: Id, why: Refusal): void {
  party.member.outlet.send(errorFor(party.member, requestType, request, why));
  party.answering = 0;
}
