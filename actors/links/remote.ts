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
  reply(to: ReplyTo<RemoteOutcome>, outcome: RemoteOutcome): void;
  tell(watcher: Target<RemoteDown>, down: RemoteDown): void;
  /** For `now + ms`, then `expire(id)`. */
  schedule(ms: number, id: number): void;
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
}

export const REMOTE_LIMITS: RemoteLimits = {
  maxCalls: 10_000,
  maxMonitors: 10_000,
  maxMonitorsPerPeer: 10_000,
};

export class Remote {
  readonly #exports: ReadonlyMap<string, Exported>;
  readonly #effects: RemoteEffects;
  readonly #limits: RemoteLimits;
  readonly #calls = new Map<number, Waiting>();
  readonly #monitors = new Map<number, Watching>();
  /** Of peers, by node key. */
  readonly #watched = new Map<string, Set<number>>();
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

  linkDown(peer: NodeId): void {
    this.#giveUp(peer.name, 'node_down');
    const watched = this.#watched.get(nodeKey(peer));
    this.#watched.delete(nodeKey(peer));
    for (const id of watched ?? []) this.#effects.unwatch(peer, id);
  }

  /** Whatever waits for that node waits in vain. */
  #giveUp(node: string, reason: RemoteDownReason): void {
    for (const [id, call] of this.#calls) {
      if (call.node === node) this.#settle(node, id, { kind: 'down', reason });
    }
    for (const [id, { ref }] of this.#monitors) {
      if (ref.node === node) this.#onDown(node, id, reason);
    }
  }

  #cast({ node, name }: RemoteRef, body: PlainValue): void {
    const delivery = this.#effects.send(node, { kind: 'cast', name, body });
    if (delivery !== 'queued') this.#effects.count('remote_casts_dropped');
  }

  #call({ to, body, timeoutMs, reply }: RemoteMessage & { kind: 'call' }): void {
    const fail = (reason: RemoteDownReason): void =>
      this.#effects.reply(reply, { kind: 'down', reason });
    if (this.#calls.size >= this.#limits.maxCalls) return fail('overloaded');
    const id = ++this.#lastId;
    const { node, name } = to;
    const wire = { kind: 'call', id, name, timeoutMs: Math.ceil(timeoutMs), body } as const;
    const delivery = this.#effects.send(node, wire);
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
    const delivery = this.#effects.send(ref.node, { kind: 'monitor', id, name: ref.name });
    if (delivery !== 'queued') return tell(delivery === 'overloaded' ? 'overloaded' : 'node_down');
    this.#monitors.set(id, { ref, watcher });
  }

  #demonitor(ref: RemoteRef, watcher: Target<RemoteDown>): void {
    const id = this.#monitorOf(ref, watcher);
    if (id === undefined) return;
    this.#monitors.delete(id);
    this.#effects.send(ref.node, { kind: 'demonitor', id });
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
