/**
 * Calls, casts and monitors across nodes: who waits for what, on both sides. Pure; the shell sends, asks and watches.
 * A question ends once: by its answer, its deadline, or the end of the link, after which nobody knows whether it was
 * heard. Monitors end with DOWN, also when the node is gone.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import { nodeKey } from '../../runtime/causality/identity.ts';
import type { ReplyTo, Target } from '../../runtime/kernel/actor.ts';
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import type { PeerDelivery } from '../../runtime/net/peer/port.ts';
import type {
  Exported,
  RemoteDown,
  RemoteDownReason,
  RemoteMessage,
  RemoteOutcome,
  RemoteRef,
} from './api.ts';
import type { RemoteWire } from './remote-messages.ts';

export interface RemoteEffects {
  send(to: string, message: RemoteWire): PeerDelivery;
  /** Has a link to this node kept for a while, made if need be. False: all nodes are linked that can be. */
  reach(to: string): boolean;
  reply(to: ReplyTo<RemoteOutcome>, outcome: RemoteOutcome): void;
  tell(watcher: Target<RemoteDown>, down: RemoteDown): void;
  /** For `now + ms`, then `expire(id)`. */
  schedule(ms: number, id: number): void;
  /** For a while, then `unreached(node)`. */
  waitFor(node: string): void;
  /** Counted when the actor is not alive or does not understand. */
  cast(exported: Exported, wire: RemoteWire & { kind: 'cast' }, from: NodeId): void;
  /** Ends in `answer` or `failed` to `from`. */
  call(exported: Exported, wire: RemoteWire & { kind: 'call' }, from: NodeId): void;
  /** Ends in `ended(from, id)`. False: it is not alive. */
  watch(exported: Exported, from: NodeId, id: number): boolean;
  unwatch(from: NodeId, id: number): void;
  count(counter: string): void;
}

interface Waiting {
  readonly node: string;
  readonly reply: ReplyTo<RemoteOutcome>;
}

interface Watching {
  readonly ref: RemoteRef;
  readonly watcher: Target<RemoteDown>;
}

export interface RemoteLimits {
  /** Questions of this node that wait for an answer. */
  readonly maxCalls: number;
  readonly maxMonitors: number;
  /** Monitors that one peer may have here. */
  readonly maxMonitorsPerPeer: number;
  /** Messages that wait for links, to all nodes together. */
  readonly maxHeld: number;
}

export const REMOTE_LIMITS: RemoteLimits = {
  maxCalls: 10_000,
  maxMonitors: 10_000,
  maxMonitorsPerPeer: 10_000,
  maxHeld: 1_000,
};

export class Remote {
  readonly #exports: ReadonlyMap<string, Exported>;
  readonly #effects: RemoteEffects;
  readonly #limits: RemoteLimits;
  readonly #calls = new Map<number, Waiting>();
  readonly #monitors = new Map<number, Watching>();
  /** Of peers, by node key. */
  readonly #watched = new Map<string, Set<number>>();
  /** What is for a node whose link is being made, in order. */
  readonly #held = new Map<string, RemoteWire[]>();
  /** Nodes with whom something was said since links were last asked for. */
  readonly #used = new Set<string>();
  #lastId: number;

  /** `firstId`: random, so that answers to a life of this actor before a crash are not taken for others. */
  constructor(
    exports: readonly Exported[],
    effects: RemoteEffects,
    firstId = 0,
    limits: RemoteLimits = REMOTE_LIMITS,
  ) {
    this.#lastId = firstId;
    this.#exports = new Map(exports.map((exported) => [exported.name, exported]));
    this.#effects = effects;
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#calls.size;
  }

  get monitors(): number {
    return this.#monitors.size;
  }

  handle(message: RemoteMessage): void {
    switch (message.kind) {
      case 'cast':
        return this.#cast(message.to, message.body);
      case 'call':
        return this.#call(message);
      case 'monitor':
        return this.#monitor(message.ref, message.watcher);
      case 'demonitor':
        return this.#demonitor(message.ref, message.watcher);
      default:
        return never(message);
    }
  }

  receive(from: NodeId, wire: RemoteWire): void {
    this.#use(from.name);
    switch (wire.kind) {
      case 'cast': {
        const exported = this.#exports.get(wire.name);
        if (exported === undefined) return this.#effects.count('remote_unknown_names');
        return this.#effects.cast(exported, wire, from);
      }
      case 'call': {
        const exported = this.#exports.get(wire.name);
        if (exported !== undefined) return this.#effects.call(exported, wire, from);
        this.#effects.count('remote_unknown_names');
        return this.#fail(from, wire.id, 'noproc');
      }
      case 'answer':
        return this.#settle(from.name, wire.id, { kind: 'reply', value: wire.body });
      case 'failed':
        return this.#settle(from.name, wire.id, { kind: 'down', reason: wire.reason });
      case 'monitor':
        return this.#onMonitor(from, wire.id, wire.name);
      case 'demonitor':
        if (this.#watched.get(nodeKey(from))?.delete(wire.id) !== true) return;
        return this.#effects.unwatch(from, wire.id);
      case 'down':
        return this.#onDown(from.name, wire.id, wire.reason);
      case 'reset':
        return this.#giveUp(from.name, 'ended');
      default:
        return never(wire);
    }
  }

  /** The deadline of a call has come. */
  expire(id: number): void {
    const call = this.#calls.get(id);
    if (call !== undefined) this.#settle(call.node, id, { kind: 'timeout' });
  }

  /** An actor that a peer watches has ended. */
  ended(from: NodeId, id: number): void {
    if (this.#watched.get(nodeKey(from))?.delete(id) !== true) return;
    this.#effects.send(from.name, { kind: 'down', id, reason: 'ended' });
  }

  linkUp({ name }: NodeId): void {
    const held = this.#held.get(name);
    this.#held.delete(name);
    for (const message of held ?? []) {
      if (this.#say(name, message) !== 'queued') this.#lost(name, message);
    }
  }

  /** No link has come in time. */
  unreached(node: string): void {
    if (this.#held.has(node)) this.#giveUp(node, 'node_down');
  }

  /** Links that are used, or that somebody waits on, are asked for anew. */
  renew(): void {
    this.#used.clear();
    for (const { node } of this.#calls.values()) this.#use(node);
    for (const { ref } of this.#monitors.values()) this.#use(ref.node);
  }

  linkDown(peer: NodeId): void {
    this.#giveUp(peer.name, 'node_down');
    const watched = this.#watched.get(nodeKey(peer));
    this.#watched.delete(nodeKey(peer));
    for (const id of watched ?? []) this.#effects.unwatch(peer, id);
  }

  #use(node: string): void {
    if (this.#used.has(node)) return;
    this.#used.add(node);
    this.#effects.reach(node);
  }

  /** Also to a node without a link, when one can be had: it waits until then. */
  #say(to: string, message: RemoteWire): PeerDelivery {
    let held = this.#held.get(to);
    if (held === undefined) {
      const delivery = this.#effects.send(to, message);
      if (delivery === 'queued') this.#use(to);
      if (delivery !== 'disconnected' || !this.#effects.reach(to)) return delivery;
    }
    const all = [...this.#held.values()].reduce((sum, { length }) => sum + length, 0);
    if (all >= this.#limits.maxHeld) return 'overloaded';
    if (held === undefined) {
      this.#held.set(to, (held = []));
      this.#effects.waitFor(to);
    }
    held.push(message);
    return 'queued';
  }

  #lost(node: string, message: RemoteWire): void {
    if (message.kind === 'cast') this.#effects.count('remote_casts_dropped');
    if (message.kind === 'call') {
      this.#settle(node, message.id, { kind: 'down', reason: 'overloaded' });
    }
    if (message.kind === 'monitor') this.#onDown(node, message.id, 'overloaded');
  }

  /** Whatever waits for that node waits in vain. */
  #giveUp(node: string, reason: RemoteDownReason): void {
    for (const { kind } of this.#held.get(node) ?? []) {
      if (kind === 'cast') this.#effects.count('remote_casts_dropped');
    }
    this.#held.delete(node);
    for (const [id, call] of this.#calls) {
      if (call.node === node) this.#settle(node, id, { kind: 'down', reason });
    }
    for (const [id, { ref }] of this.#monitors) {
      if (ref.node === node) this.#onDown(node, id, reason);
    }
  }

  #cast({ node, name }: RemoteRef, body: PlainValue): void {
    const delivery = this.#say(node, { kind: 'cast', name, body });
    if (delivery !== 'queued') this.#effects.count('remote_casts_dropped');
  }

  #call({ to, body, timeoutMs, reply }: RemoteMessage & { kind: 'call' }): void {
    const fail = (reason: RemoteDownReason): void =>
      this.#effects.reply(reply, { kind: 'down', reason });
    if (this.#calls.size >= this.#limits.maxCalls) return fail('overloaded');
    const id = ++this.#lastId;
    const { node, name } = to;
    const wire = { kind: 'call', id, name, timeoutMs: Math.ceil(timeoutMs), body } as const;
    const delivery = this.#say(node, wire);
    if (delivery !== 'queued') return fail(delivery === 'overloaded' ? 'overloaded' : 'node_down');
    this.#calls.set(id, { node, reply });
    this.#effects.schedule(timeoutMs, id);
  }

  /** `node`: only who was asked may answer. */
  #settle(node: string, id: number, outcome: RemoteOutcome): void {
    const call = this.#calls.get(id);
    if (call?.node !== node) return this.#effects.count('remote_late_answers');
    this.#calls.delete(id);
    this.#effects.reply(call.reply, outcome);
  }

  #monitor(ref: RemoteRef, watcher: Target<RemoteDown>): void {
    const tell = (reason: RemoteDownReason): void =>
      this.#effects.tell(watcher, { kind: 'remote_down', ref, reason });
    if (this.#monitorOf(ref, watcher) !== undefined) return;
    if (this.#monitors.size >= this.#limits.maxMonitors) return tell('overloaded');
    const id = ++this.#lastId;
    const delivery = this.#say(ref.node, { kind: 'monitor', id, name: ref.name });
    if (delivery !== 'queued') return tell(delivery === 'overloaded' ? 'overloaded' : 'node_down');
    this.#monitors.set(id, { ref, watcher });
  }

  #demonitor(ref: RemoteRef, watcher: Target<RemoteDown>): void {
    const id = this.#monitorOf(ref, watcher);
    if (id === undefined) return;
    this.#monitors.delete(id);
    this.#say(ref.node, { kind: 'demonitor', id });
  }

  #monitorOf({ node, name }: RemoteRef, watcher: Target<RemoteDown>): number | undefined {
    for (const [id, each] of this.#monitors) {
      if (each.watcher === watcher && each.ref.node === node && each.ref.name === name) return id;
    }
    return undefined;
  }

  #onDown(node: string, id: number, reason: RemoteDownReason): void {
    const monitor = this.#monitors.get(id);
    if (monitor?.ref.node !== node) return; // demonitored meanwhile
    this.#monitors.delete(id);
    this.#effects.tell(monitor.watcher, { kind: 'remote_down', ref: monitor.ref, reason });
  }

  #onMonitor(from: NodeId, id: number, name: string): void {
    const down = (reason: RemoteDownReason): void =>
      void this.#effects.send(from.name, { kind: 'down', id, reason });
    const key = nodeKey(from);
    const watched = this.#watched.get(key) ?? new Set<number>();
    if (watched.has(id)) return;
    if (watched.size >= this.#limits.maxMonitorsPerPeer) return down('overloaded');
    const exported = this.#exports.get(name);
    if (exported === undefined) this.#effects.count('remote_unknown_names');
    if (exported === undefined || !this.#effects.watch(exported, from, id)) return down('noproc');
    watched.add(id);
    this.#watched.set(key, watched);
  }

  #fail(to: NodeId, id: number, reason: RemoteDownReason): void {
    this.#effects.send(to.name, { kind: 'failed', id, reason });
  }
}

function never(value: never): never {
  throw new Error(`unexpected message ${JSON.stringify(value)}`);
}
