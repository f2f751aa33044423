/**
 * A realm's router as one of many: what the registry says becomes rows of dealer and broker, what other nodes' routers
 * say becomes requests of proxies. Everything is decided by the same dealer and the same broker as on one node.
 */
import type { NodeId } from '../../../runtime/causality/identity.ts';
import { nodeKey } from '../../../runtime/causality/identity.ts';
import { EMPTY, NO_PAYLOAD, YIELD } from '../../../runtime/wamp/message.ts';
import type { Entry, NodeRows, NodeState, RegistryEvent, Row } from '../../registry/api.ts';
import type { Clock } from '../../../runtime/kernel/actor.ts';
import type { Relayed, RelayMessage } from '../../relay/api.ts';
import type { Broker } from '../broker/broker.ts';
import type { Interests } from '../broker/interests.ts';
import { publicationOf } from '../broker/relayed.ts';
import type { Dealer } from '../dealer/dealer.ts';
import type { Member, RouterInput } from '../api.ts';
import type { RoutingEffects } from '../effects.ts';
import type { Questioner } from './questioner.ts';
import type { Peer, Peers } from './peers.ts';
import type { ClusterPort } from './port.ts';
import type { Reports } from './reports.ts';

export interface ClusterParts {
  readonly port: ClusterPort;
  readonly peers: Peers;
  readonly reports: Reports;
  readonly interests: Interests;
  readonly dealer: Dealer;
  readonly broker: Broker;
  readonly questioner: Questioner;
  readonly effects: Pick<RoutingEffects, 'count'>;
  /** What follows from a message that has been handled. */
  followUp(): void;
  /** This realm's mailbox. */
  readonly listener: { admit(message: RouterInput): void };
}

/** What only a router that is one of many is told. */
export type ClusterInput = Extract<
  RouterInput,
  { kind: 'relayed' | 'registry' | 'announce' | 'give_up' }
>;

type Kind<K extends RelayMessage['kind']> = Extract<RelayMessage, { readonly kind: K }>;

export class Cluster {
  readonly #p: ClusterParts;
  readonly #self: string;

  constructor(parts: ClusterParts) {
    this.#p = parts;
    this.#self = nodeKey(parts.port.self);
    for (const peer of parts.peers.all()) this.#index(peer);
  }

  /** After a crash. */
  recover(): void {
    this.#p.dealer.announceAll();
    this.#p.questioner.recover();
  }

  handle(input: ClusterInput, clock: Clock): void {
    switch (input.kind) {
      case 'relayed':
        return this.#onRelayed(input, clock.now());
      case 'registry':
        return this.#onRegistry(input.event, clock.wall());
      case 'announce':
        return this.#announce(input.token, clock.wall());
      case 'give_up':
        return this.#p.questioner.giveUp(input.question);
    }
  }

  /** Tells the registry everything, and is told everything. */
  attach(): void {
    const { port, listener, dealer, interests, reports } = this.#p;
    const entries = [...dealer.registrar.entries(), ...interests.own()];
    const { realm } = port;
    const token = reports.renew();
    port.registry.admit({ kind: 'attach', realm, listener, entries, token });
  }

  /** Reports what changed while one message was handled. Returns a token that somebody waits for. */
  flush(): number | undefined {
    const { port, reports, dealer, interests } = this.#p;
    const report = reports.take();
    if (!report) return undefined;
    port.registry.admit({ kind: 'changed', realm: port.realm, ...report });
    return dealer.isWaiting || interests.isWaiting ? report.token : undefined;
  }

  #announce(token: number, wall: number): void {
    this.#p.dealer.announce(token);
    this.#p.broker.confirm(token, wall);
  }

  /** A session of this node has left. */
  left(member: Member): void {
    for (const peer of this.#p.peers.all()) this.#p.dealer.forgetCallers(peer, member.id);
  }

  // ---- the registry

  #onRegistry(event: RegistryEvent, wall: number): void {
    switch (event.kind) {
      case 'report':
        return this.attach();
      case 'reset':
        return this.#onReset(event.nodes);
      case 'rows': {
        const peer = this.#p.peers.meet(event.node);
        for (const id of event.removed) this.#remove(peer, id);
        for (const row of event.added) this.#add(peer, row);
        return;
      }
      case 'node':
        return this.#onNode(event.node, event.state);
      case 'applied':
        return this.#announce(event.token, wall);
    }
  }

  #onReset(nodes: readonly NodeRows[]): void {
    const known = new Set(nodes.map(({ node }) => nodeKey(node)));
    for (const peer of [...this.#p.peers.all()]) if (!known.has(peer.key)) this.#forget(peer);
    for (const { node, state, rows } of nodes) {
      const peer = this.#p.peers.meet(node);
      this.#setState(peer, state);
      const ids = new Set(rows.map(([id]) => id));
      for (const id of [...peer.entries.keys()]) if (!ids.has(id)) this.#remove(peer, id);
      for (const row of rows) if (!peer.entries.has(row[0])) this.#add(peer, row);
    }
  }

  #onNode(node: NodeId, state: NodeState): void {
    if (state !== 'gone') return this.#setState(this.#p.peers.meet(node), state);
    const peer = this.#p.peers.get(node);
    if (peer) this.#forget(peer);
  }

  #setState(peer: Peer, state: Peer['state']): void {
    if (peer.state === state) return;
    peer.state = state;
    if (state === 'down') this.#lose(peer);
  }

  #forget(peer: Peer): void {
    this.#lose(peer);
    for (const id of [...peer.entries.keys()]) this.#remove(peer, id);
    this.#p.peers.forget(peer);
    this.#p.port.relay.forget(peer.node.name);
  }

  #lose(peer: Peer): void {
    this.#p.dealer.nodeDown(peer);
    this.#p.questioner.nodeDown(peer.key);
  }

  #add(peer: Peer, [id, entry]: Row): void {
    peer.entries.set(id, entry);
    if (!this.#enter(peer, id, entry)) this.#p.effects.count('remote_entries_not_understood');
  }

  #enter(peer: Peer, id: number, entry: Entry): boolean {
    if (entry.kind === 'registration') return this.#p.dealer.addRemote(peer, id, entry);
    this.#p.interests.add(peer, entry);
    return true;
  }

  #remove(peer: Peer, id: number): void {
    const entry = peer.entries.get(id);
    if (!entry) return;
    peer.entries.delete(id);
    if (entry.kind === 'registration') this.#p.dealer.removeRemote(peer, id, entry);
    else this.#p.interests.remove(peer, entry);
  }

  /** After a crash: the rows are there, the indexes over them are not. */
  #index(peer: Peer): void {
    for (const [id, entry] of peer.entries) this.#enter(peer, id, entry);
  }

  // ---- other routers

  #onRelayed(input: Relayed, now: number): void {
    const { from, messages } = input;
    const key = nodeKey(from);
    if (key === this.#self) return;
    while (input.done < messages.length) {
      this.#onMessage(from, key, messages[input.done], now);
      this.#p.followUp();
      input.done += 1;
    }
  }

  #onMessage(from: NodeId, key: string, message: RelayMessage, now: number): void {
    switch (message.kind) {
      case 'event':
        return this.#p.broker.relayed(publicationOf(message));
      case 'question':
        return this.#p.questioner.onQuestion(from.name, message);
      case 'reply':
        return this.#p.questioner.onReply(key, message.message);
      case 'invocation':
      case 'interrupt':
      case 'answer':
      case 'refused': {
        const peer = this.#p.peers.byKey(key);
        if (peer) return this.#onCall(peer, message, now);
        // It knows this node before this node knows it; or it is over.
        if (message.kind !== 'invocation') return this.#stray('relay_strays');
        return this.#refuse(from, message, 'the callee’s node does not know this one yet');
      }
    }
  }

  #onCall(
    peer: Peer,
    message: Kind<'invocation' | 'interrupt' | 'answer' | 'refused'>,
    now: number,
  ): void {
    switch (message.kind) {
      case 'invocation':
        return this.#onInvocation(peer, message);
      case 'interrupt': {
        const caller = peer.callers.get(message.callee);
        if (!caller) return this.#stray('late_cancels');
        return this.#p.dealer.relayedInterrupt(caller, message.request, message.mode);
      }
      case 'answer': {
        const proxy = peer.callees.get(message.callee);
        if (!proxy) return this.#stray('late_answers');
        return this.#p.dealer.answered(peer, proxy, message.message, now);
      }
      case 'refused': {
        const proxy = peer.callees.get(message.callee);
        if (!proxy) return this.#stray('late_answers');
        return this.#p.dealer.declined(peer, proxy, message.request, message.detail, now);
      }
    }
  }

  /** The router died while it handled the message at `done`: who waits for that is answered. */
  interrupted({ from, messages, done }: Relayed): void {
    const peer = this.#p.peers.get(from);
    const message = messages[done];
    if (!peer || !message) return;
    switch (message.kind) {
      case 'invocation': {
        const caller = peer.callers.get(message.callee);
        const { request } = message.message;
        const isMended = caller !== undefined && this.#p.dealer.knows(caller, request);
        if (isMended && !message.isChunk) return;
        if (caller) this.#p.dealer.relayedInterrupt(caller, request, 'killnowait');
        return this.#refuse(from, message, 'the router there failed');
      }
      case 'answer': {
        const proxy = peer.callees.get(message.callee);
        if (proxy) this.#p.dealer.interrupted(proxy, message.message);
        return;
      }
      case 'refused': {
        const proxy = peer.callees.get(message.callee);
        const answer = { type: YIELD, options: EMPTY, payload: NO_PAYLOAD } as const;
        if (proxy) this.#p.dealer.interrupted(proxy, { ...answer, request: message.request });
        return;
      }
      default:
        return; // nobody waits, or not for ever
    }
  }

  #onInvocation(peer: Peer, relayed: Kind<'invocation'>): void {
    const { callee, message, takesPassthru } = relayed;
    const caller = this.#p.peers.caller(peer, callee);
    const call = { caller, callee, takesPassthru, message };
    if (relayed.isChunk) return this.#p.dealer.relayedChunk(call);
    const detail = this.#p.dealer.relayed(call);
    if (detail !== undefined) this.#refuse(peer.node, relayed, detail);
  }

  #refuse(to: NodeId, { realm, callee, message }: Kind<'invocation'>, detail: string): void {
    this.#p.effects.count('relay_calls_refused');
    const { request } = message;
    this.#p.port.relay.send(to.name, { kind: 'refused', realm, callee, request, detail });
  }

  #stray(counter: string): void {
    this.#p.effects.count(counter);
  }
}
