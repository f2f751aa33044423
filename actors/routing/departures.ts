/**
 * What ended with a node that will not come back: each remaining node says so to its own sessions, with the meta events
 * that the dead node would have published (WAMP advanced, meta_api_*). What that node has still said itself is not said
 * twice: its last events may have come when the removal of its entries had not.
 */
import { nodeKey } from '../../runtime/causality/identity.ts';
import type { Entry, RegistrationEntry, RegistryEvent, SubscriberEntry } from '../registry/api.ts';
import type { Id, Value } from '../../runtime/wamp/message.ts';
import type { Interests } from './broker/interests.ts';
import type { Publication } from './broker/publication.ts';
import type { Peer } from './cluster/peers.ts';
import { patternId } from './cluster/pattern-ids.ts';
import type { Rows } from './effects.ts';
import { isReserved } from './reserved.ts';

export interface DepartureDependencies {
  readonly peers: Pick<Rows<string, Peer>, 'values' | 'get'>;
  readonly registrations: Pick<Rows<Id, unknown>, 'has'>;
  readonly subscriptions: Pick<Rows<Id, unknown>, 'has'>;
  readonly interests: Pick<Interests, 'find'>;
  /** The arguments of a meta event. */
  read(publication: Publication): readonly Value[];
  announceHere(topic: string, args: readonly Value[]): void;
}

/** Said by the node itself in its last moments, of each kind; more than that many sessions do not end in a moment. */
const MAX_HEARD = 10_000;

const ENDINGS: ReadonlySet<string> = new Set([
  'wamp.session.on_leave',
  'wamp.registration.on_unregister',
  'wamp.registration.on_delete',
  'wamp.subscription.on_unsubscribe',
  'wamp.subscription.on_delete',
]);

export class Departures {
  readonly #d: DepartureDependencies;
  /** In the order in which they came; the oldest go. */
  readonly #heard = new Set<string>();

  constructor(dependencies: DepartureDependencies) {
    this.#d = dependencies;
  }

  /** A publication of another node. */
  heard(publication: Publication): void {
    if (!isReserved(publication.topic) || !ENDINGS.has(publication.topic)) return;
    const [session, id] = this.#d.read(publication);
    this.#heard.add(keyOf(publication.topic, session, id));
    if (this.#heard.size <= MAX_HEARD) return;
    for (const oldest of this.#heard) return void this.#heard.delete(oldest);
  }

  /** What was said is over, or begins anew: to be asked before the event is handled, for rows go with it. */
  notice(event: RegistryEvent): void {
    if (event.kind !== 'rows' || this.#heard.size === 0) return;
    const entries = this.#d.peers.get(nodeKey(event.node))?.entries;
    for (const id of event.removed) {
      const entry = entries?.get(id);
      if (entry) this.#forget([entry]);
    }
    for (const [, entry] of event.added) this.#forget([entry]);
  }

  /** Whose nodes this event says are gone; to be asked before it is handled, too. */
  endedBy(event: RegistryEvent): readonly Entry[] {
    if (event.kind === 'node' && event.state === 'gone') {
      return [...(this.#d.peers.get(nodeKey(event.node))?.entries.values() ?? [])];
    }
    if (event.kind !== 'reset') return [];
    const known = new Set(event.nodes.map(({ node }) => nodeKey(node)));
    const gone = [...this.#d.peers.values()].filter(({ key }) => !known.has(key));
    return gone.flatMap(({ entries }) => [...entries.values()]);
  }

  /** And then, when they are gone: in the order in which a session's end says it. */
  announce(ended: readonly Entry[]): void {
    if (ended.length === 0) return;
    const registrations = new Lasts<RegistrationEntry>();
    const subscriptions = new Lasts<SubscriberEntry>();
    for (const entry of ended) {
      if (entry.kind === 'registration') registrations.add(entry);
      if (entry.kind === 'subscriber') subscriptions.add(entry);
    }
    for (const entry of registrations.all) this.#unregistered(entry, registrations.isLast(entry));
    for (const entry of subscriptions.all) this.#unsubscribed(entry, subscriptions.isLast(entry));
    for (const entry of ended) {
      if (entry.kind !== 'session') continue;
      this.#say('wamp.session.on_leave', [entry.session, entry.authid, entry.authrole]);
    }
    this.#forget(ended);
  }

  #unregistered({ session, registration }: RegistrationEntry, isLast: boolean): void {
    const args = [session, registration];
    this.#say('wamp.registration.on_unregister', args);
    if (!isLast || this.#d.registrations.has(registration)) return;
    this.#say('wamp.registration.on_delete', args);
  }

  #unsubscribed({ session, match, uri }: SubscriberEntry, isLast: boolean): void {
    const { subscriptions, interests } = this.#d;
    const id = subscriptionId(match, uri);
    const args = [session, id];
    this.#say('wamp.subscription.on_unsubscribe', args);
    if (!isLast || subscriptions.has(id) || interests.find(match, uri)) return;
    this.#say('wamp.subscription.on_delete', args);
  }

  #say(topic: string, args: readonly Value[]): void {
    if (!this.#heard.has(keyOf(topic, args[0], args[1]))) this.#d.announceHere(topic, args);
  }

  #forget(entries: Iterable<Entry>): void {
    for (const entry of entries) for (const key of keysOf(entry)) this.#heard.delete(key);
  }
}

/** Entries, and which of them is the last of its pattern. */
class Lasts<E extends { readonly match: string; readonly uri: string }> {
  readonly all: E[] = [];
  readonly #last = new Map<string, E>();

  add(entry: E): void {
    this.all.push(entry);
    this.#last.set(`${entry.match} ${entry.uri}`, entry);
  }

  isLast(entry: E): boolean {
    return this.#last.get(`${entry.match} ${entry.uri}`) === entry;
  }
}

function keysOf(entry: Entry): readonly string[] {
  switch (entry.kind) {
    case 'session':
      return [keyOf('wamp.session.on_leave', entry.session, undefined)];
    case 'registration': {
      const { session, registration } = entry;
      return ['wamp.registration.on_unregister', 'wamp.registration.on_delete'].map((topic) =>
        keyOf(topic, session, registration),
      );
    }
    case 'subscriber': {
      const id = subscriptionId(entry.match, entry.uri);
      return ['wamp.subscription.on_unsubscribe', 'wamp.subscription.on_delete'].map((topic) =>
        keyOf(topic, entry.session, id),
      );
    }
    case 'interest':
    case 'shard':
      return [];
  }
}

/** A session's end is told with who it was, everything else with an id. */
function keyOf(topic: string, session: Value | undefined, id: Value | undefined): string {
  return topic === 'wamp.session.on_leave' ? `${topic} ${session}` : `${topic} ${session} ${id}`;
}

function subscriptionId(match: SubscriberEntry['match'], uri: string): Id {
  return patternId(match, uri, () => false);
}
