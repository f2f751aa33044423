/** The other nodes as one realm's router knows them: rows of a table, so they outlive it. */
import type { NodeId } from '../../../runtime/causality/identity.ts';
import { nodeKey } from '../../../runtime/causality/identity.ts';
import type { Id } from '../../../runtime/wamp/message.ts';
import type { Entry, NodeState } from '../../registry/api.ts';
import type { Member } from '../api.ts';
import type { Rows } from '../effects.ts';
import type { CalleeOutlet, ProxyParts } from './proxies.ts';
import { calleeProxy, callerProxy, isFar } from './proxies.ts';

export type CalleeProxy = Member & { readonly outlet: CalleeOutlet };

export interface Peer {
  readonly node: NodeId;
  /** `name#incarnation`. */
  readonly key: string;
  state: Exclude<NodeState, 'gone'>;
  /** By the id their owner gave them. */
  readonly entries: Map<number, Entry>;
  /** Sessions there that are called from here. */
  readonly callees: Map<Id, CalleeProxy>;
  /** Sessions here that are called from there, by the callee: who stands for the callers. */
  readonly callers: Map<Id, Member>;
}

export class Peers {
  readonly #rows: Rows<string, Peer>;
  readonly #parts: ProxyParts;

  constructor(rows: Rows<string, Peer>, parts: ProxyParts) {
    this.#rows = rows;
    this.#parts = parts;
  }

  get count(): number {
    return this.#rows.size;
  }

  all(): IterableIterator<Peer> {
    return this.#rows.values();
  }

  get(node: NodeId): Peer | undefined {
    return this.#rows.get(nodeKey(node));
  }

  byKey(key: string): Peer | undefined {
    return this.#rows.get(key);
  }

  /** Who speaks to us is there, even before membership has said so. */
  meet(node: NodeId): Peer {
    const key = nodeKey(node);
    const known = this.#rows.get(key);
    if (known) return known;
    const peer: Peer = {
      node,
      key,
      state: 'up',
      entries: new Map(),
      callees: new Map(),
      callers: new Map(),
    };
    this.#rows.set(key, peer);
    return peer;
  }

  forget(peer: Peer): void {
    this.#rows.delete(peer.key);
  }

  callee(peer: Peer, session: Id, features: readonly string[]): CalleeProxy {
    const known = peer.callees.get(session);
    if (known) return known;
    const proxy = calleeProxy(this.#parts, peer.node, session, features);
    peer.callees.set(session, proxy);
    return proxy;
  }

  caller(peer: Peer, callee: Id): Member {
    const known = peer.callers.get(callee);
    if (known) return known;
    const proxy = callerProxy(this.#parts, peer.node, callee);
    peer.callers.set(callee, proxy);
    return proxy;
  }

  isProxy(member: Member): boolean {
    if (!isFar(member)) return false;
    for (const { callees, callers } of this.#rows.values()) {
      if (callees.get(member.id) === member || callers.get(member.id) === member) return true;
    }
    return false;
  }
}
