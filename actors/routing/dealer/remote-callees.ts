/**
 * Callees of other nodes among those of this one. Registrations that exclude each other (`single`, or different
 * policies) may come to be on two nodes at once; every node lets the same one win, from the entries alone:
 *
 * - a registration that was taken by force beats all with an earlier stamp, the latest of them all;
 * - else the earliest stamp wins;
 * - who has the winner's policy joins it, if that can be shared.
 *
 * The node that owns a loser revokes it. Until that is known a loser stays here without calls, for the winner may go.
 */
import type { Id } from '../../../runtime/wamp/message.ts';
import type { RegistrationEntry } from '../../registry/api.ts';
import { patternKey } from '../cluster/pattern-ids.ts';
import type { Peer, Peers } from '../cluster/peers.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import type { Calls } from './calls.ts';
import type { InvokePolicy } from './invoke-policies.ts';
import { invokePolicy } from './invoke-policies.ts';
import type { Callee, Registration, Registrations } from './registrations.ts';
import { precedes } from './registrations.ts';

export interface RemoteCalleeDependencies {
  readonly registrations: Registrations;
  readonly calls: Calls;
  readonly peers: Peers;
  /** A callee of this node has lost: it is told and removed. */
  revoke(registration: Registration, callee: Callee, isForced: boolean): void;
}

interface Contender {
  readonly callee: Callee;
  readonly invoke: InvokePolicy;
  readonly created: number;
}

/** All of one pattern that are on other nodes, by node and id. */
type Far = Map<string, Contender>;

export class RemoteCallees {
  readonly #d: RemoteCalleeDependencies;
  readonly #far = new Map<string, Far>();

  constructor(dependencies: RemoteCalleeDependencies) {
    this.#d = dependencies;
  }

  /** False: not something this node understands. */
  add(peer: Peer, id: number, entry: RegistrationEntry): boolean {
    const invoke = invokePolicy(entry.invoke);
    if (!invoke) return false;
    const key = patternKey(entry.match, entry.uri);
    let far = this.#far.get(key);
    if (!far) this.#far.set(key, (far = new Map()));
    const callee = this.#calleeOf(peer, entry);
    far.set(placeOf(peer, id), { callee, invoke, created: entry.created });
    this.settle(entry.match, entry.uri);
    return true;
  }

  remove(peer: Peer, id: number, { match, uri, session }: RegistrationEntry): void {
    const key = patternKey(match, uri);
    const far = this.#far.get(key);
    const contender = far?.get(placeOf(peer, id));
    if (!far || !contender) return;
    far.delete(placeOf(peer, id));
    if (far.size === 0) this.#far.delete(key);
    this.#detach(match, uri, contender.callee);
    this.settle(match, uri);
    this.release(peer, session);
  }

  /** After a change under this pattern here, too. */
  settle(match: MatchPolicy, uri: string): void {
    const far = this.#far.get(patternKey(match, uri));
    if (!far) return;
    const { registrations } = this.#d;
    const existing = registrations.find(match, uri);
    const contenders = [...far.values(), ...nearOf(existing)];
    const base = winner(contenders);
    const isIn = (each: Contender): boolean =>
      each === base ||
      (base.invoke !== 'single' &&
        each.invoke === base.invoke &&
        (!base.callee.isForced || precedes(base.callee, each.callee)));
    for (const { callee } of contenders.filter((each) => !isIn(each))) {
      this.#lose(match, uri, callee, base.callee.isForced);
    }
    for (const contender of contenders.filter(isIn)) this.#attach(match, uri, contender);
  }

  /** Nobody is called there any more and nothing is answered from there. */
  release(peer: Peer, session: Id): void {
    const proxy = peer.callees.get(session);
    if (!proxy || this.#d.registrations.of(proxy).size > 0) return;
    const party = this.#d.calls.known(proxy);
    if (party && party.invocations.size > 0) return;
    for (const entry of peer.entries.values()) {
      if (entry.kind === 'registration' && entry.session === session) return; // a loser for now
    }
    this.#d.calls.forget(proxy);
    peer.callees.delete(session);
  }

  #calleeOf(peer: Peer, entry: RegistrationEntry): Callee {
    const { calls, peers } = this.#d;
    const proxy = peers.callee(peer, entry.session, entry.features);
    return {
      member: proxy,
      party: calls.party(proxy),
      concurrency: entry.concurrency,
      discloseCaller: entry.discloseCaller,
      forwardTimeout: entry.forwardTimeout,
      canCancel: proxy.features.callee?.has('call_canceling') ?? false,
      running: 0,
      stamp: entry.stamp,
      node: peer.key,
      isForced: entry.isForced,
      pending: 0,
      remote: { peer, proxy },
    };
  }

  #attach(match: MatchPolicy, uri: string, { callee, invoke, created }: Contender): void {
    const { registrations } = this.#d;
    const existing = registrations.find(match, uri);
    if (!existing) registrations.create(uri, match, invoke, created, callee);
    else if (!existing.callees.includes(callee)) registrations.add(existing, callee);
  }

  #lose(match: MatchPolicy, uri: string, callee: Callee, isForced: boolean): void {
    if (callee.remote) return this.#detach(match, uri, callee);
    const registration = this.#d.registrations.find(match, uri);
    if (registration) this.#d.revoke(registration, callee, isForced);
  }

  #detach(match: MatchPolicy, uri: string, callee: Callee): void {
    const registration = this.#d.registrations.find(match, uri);
    if (registration?.callees.includes(callee)) this.#d.registrations.remove(registration, callee);
  }
}

function placeOf({ key }: Peer, id: number): string {
  return `${id}@${key}`;
}

function nearOf(registration: Registration | undefined): Contender[] {
  if (!registration) return [];
  const { invoke, created, callees } = registration;
  return callees.filter(({ remote }) => !remote).map((callee) => ({ callee, invoke, created }));
}

function winner(contenders: readonly Contender[]): Contender {
  let best = contenders[0];
  for (const each of contenders) {
    const { isForced } = best.callee;
    if (each.callee.isForced !== isForced) {
      if (!isForced) best = each;
    } else if (precedes(each.callee, best.callee) !== isForced) {
      if (each !== best) best = each;
    }
  }
  return best;
}
