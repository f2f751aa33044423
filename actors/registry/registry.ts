/**
 * The replicated registry: each node's own log, and a replica of everybody else's. A pure machine.
 *
 * Spread by broadcast; holes are filled by asking the owner, or any peer; peers compare what they have when a link
 * comes up and now and then. Membership alone decides whose log is kept: a life that is over is dropped whole, a node
 * that is down keeps its entries for a grace period, so a flap moves nothing.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import { isSameNode } from '../../runtime/causality/identity.ts';
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import type { Entry, LocalChange, NodeRows, RegistryEvent, RegistryInfo } from './api.ts';
import type { RegistryListener, Row } from './api.ts';
import { Applied } from './applied.ts';
import type { RegistryConfig } from './config.ts';
import type { Known, RegistryWire } from './messages.ts';
import { OwnEntries } from './own-entries.ts';
import { OwnerLog } from './owner-log.ts';
import type { Received } from './replicas.ts';
import { receiveChanges, receivePage } from './replicas.ts';
import type { Peer, RegistryRows } from './tables.ts';

export type RegistryCount =
  'registry_changes' | 'registry_gaps' | 'registry_snapshots' | 'registry_refused';

export interface RegistryPort {
  broadcast(message: RegistryWire): void;
  /** May be lost: comparing repairs it. */
  send(to: string, message: RegistryWire): void;
  connected(): readonly NodeId[];
  tell(listener: RegistryListener, event: RegistryEvent): void;
  /** Entries of other nodes carry stamps that ours must be later than. */
  observe(entry: Entry): void;
  count(what: RegistryCount, by?: number): void;
}

/** Gap delays until what was asked for is asked for again. */
const PATIENCE = 25;

export class Registry {
  readonly #rows: RegistryRows;
  readonly #config: RegistryConfig;
  readonly #port: RegistryPort;
  readonly #random: RandomSource;
  readonly #own: OwnEntries;
  readonly #applied: Applied;
  /** Owners to be told how far we are. */
  readonly #unacked = new Set<Peer>();
  #compareAt: number;

  constructor(
    rows: RegistryRows,
    config: RegistryConfig,
    port: RegistryPort,
    random: RandomSource,
    now: number,
  ) {
    this.#rows = rows;
    this.#config = config;
    this.#port = port;
    this.#random = random;
    this.#own = new OwnEntries(rows);
    this.#applied = new Applied((realm, token) => this.#tell(realm, { kind: 'applied', token }));
    this.#compareAt = now + config.compareMs;
    // A registry that died may have forgotten who waits for what.
    for (const { listener } of rows.realms.values()) port.tell(listener, { kind: 'report' });
  }

  /** There is something for `flush`. */
  get isDirty(): boolean {
    return this.#unacked.size > 0 || this.#rows.flushed.sequence < this.#rows.own.sequence;
  }

  // ---- this node

  attach(
    realm: string,
    listener: RegistryListener,
    entries: readonly { readonly key: string; readonly entry: Entry }[],
    token: number,
  ): void {
    this.#own.attach(realm, listener, entries);
    this.#port.tell(listener, { kind: 'reset', nodes: this.#elsewhere(realm) });
    this.#expect(realm, token);
  }

  change(realm: string, changes: readonly LocalChange[], token: number): void {
    this.#own.change(realm, changes);
    this.#expect(realm, token);
  }

  /** Broadcasts what changed here, and acknowledges what came; once for many messages. */
  flush(): void {
    const { own, flushed } = this.#rows;
    while (flushed.sequence < own.sequence) {
      const first = flushed.sequence + 1;
      const changes = own.since(flushed.sequence, this.#config.batch);
      flushed.sequence = changes ? flushed.sequence + changes.length : own.sequence;
      if (changes) this.#port.broadcast({ kind: 'changes', owner: own.node, first, changes });
    }
    for (const { node, log } of this.#unacked) {
      const { incarnation } = node;
      this.#port.send(node.name, { kind: 'ack', incarnation, sequence: log.sequence });
    }
    this.#unacked.clear();
  }

  // ---- other nodes

  /** Part of the cluster, new or back. */
  nodeUp(node: NodeId): void {
    if (node.name === this.#rows.own.node.name) return;
    const known = this.#rows.peers.get(node.name);
    if (known && known.node.incarnation > node.incarnation) return;
    if (known && !isSameNode(known.node, node)) this.#forget(known);
    const peer = this.#rows.peers.get(node.name) ?? this.#meet(node);
    peer.forgetAt = 0;
    this.#setState(peer, 'up');
    this.linkUp(node);
  }

  nodeSuspect(node: NodeId): void {
    const peer = this.#peer(node);
    if (peer?.state === 'up') this.#setState(peer, 'doubted');
  }

  nodeDown(node: NodeId, now: number): void {
    const peer = this.#peer(node);
    if (!peer || peer.state === 'down') return;
    peer.forgetAt = now + this.#config.graceMs;
    this.#setState(peer, 'down');
  }

  nodeLeft(node: NodeId): void {
    const peer = this.#peer(node);
    if (peer) this.#forget(peer);
  }

  /** Both sides of a new link compare. */
  linkUp(node: NodeId): void {
    if (!this.#peer(node)) return;
    if (this.#port.connected().some((each) => isSameNode(each, node))) this.#compare(node, false);
  }

  receive(from: NodeId, message: RegistryWire, now: number): void {
    switch (message.kind) {
      case 'changes': {
        const peer = this.#peer(message.owner);
        if (!peer) return; // not up for us, or over; node_up compares
        return this.#onReceived(peer, receiveChanges(peer, message, this.#config), now);
      }
      case 'snapshot': {
        const peer = this.#peer(message.owner);
        if (peer) this.#onReceived(peer, receivePage(peer, message, this.#config), now);
        return;
      }
      case 'fetch':
        return this.#onFetch(from, message.owner, message.after);
      case 'digest':
        return this.#onDigest(from, message.owners, message.isAnswer, now);
      case 'ack': {
        if (message.incarnation === this.#rows.own.node.incarnation) {
          this.#onAck(from, message.sequence);
        }
        return;
      }
    }
  }

  // ---- time

  /** Monotonic ms at which `tick` is due. */
  get due(): number {
    let due = this.#compareAt;
    for (const { forgetAt, askAt } of this.#rows.peers.values()) {
      if (forgetAt > 0 && forgetAt < due) due = forgetAt;
      if (askAt > 0 && askAt < due) due = askAt;
    }
    return due;
  }

  tick(now: number): void {
    for (const peer of [...this.#rows.peers.values()]) {
      if (peer.forgetAt > 0 && peer.forgetAt <= now) this.#forget(peer);
      else if (peer.askAt > 0 && peer.askAt <= now) this.#ask(peer, now);
    }
    if (now < this.#compareAt) return;
    this.#compareAt = now + this.#config.compareMs;
    const peers = this.#port.connected();
    if (peers.length === 0) return;
    this.#compare(peers[this.#random.integer(0, peers.length - 1)], false);
  }

  info(): RegistryInfo {
    return {
      self: this.#rows.own.info(),
      owners: [...this.#rows.peers.values()].map(({ log, state, acked }) => ({
        ...log.info(),
        state,
        acked,
      })),
    };
  }

  // ----

  #peer(node: NodeId): Peer | undefined {
    const peer = this.#rows.peers.get(node.name);
    return peer && isSameNode(peer.node, node) ? peer : undefined;
  }

  #meet(node: NodeId): Peer {
    const peer: Peer = {
      node,
      log: new OwnerLog(node, this.#config.keptChanges),
      state: 'down', // until its caller says otherwise, so that this is told
      acked: 0,
      forgetAt: 0,
      askAt: 0,
      early: new Map(),
      pages: undefined,
    };
    this.#rows.peers.set(node.name, peer);
    return peer;
  }

  #setState(peer: Peer, state: Peer['state']): void {
    if (peer.state === state) return;
    peer.state = state;
    this.#tellAll({ kind: 'node', node: peer.node, state });
    this.#applied.check(this.#rows.peers.values());
  }

  #forget(peer: Peer): void {
    this.#rows.peers.delete(peer.node.name);
    this.#unacked.delete(peer);
    this.#tellAll({ kind: 'node', node: peer.node, state: 'gone' });
    this.#applied.check(this.#rows.peers.values());
  }

  #expect(realm: string, token: number): void {
    this.#applied.expect(realm, token, this.#rows.own.sequence);
    this.#applied.check(this.#rows.peers.values());
  }

  #onReceived(peer: Peer, received: Received, now: number): void {
    switch (received.kind) {
      case 'refused':
        return this.#port.count('registry_refused');
      case 'hole':
        if (peer.askAt === 0) peer.askAt = now + this.#config.gapDelayMs;
        return;
      case 'page':
        peer.askAt = now + PATIENCE * this.#config.gapDelayMs;
        return;
      case 'applied': {
        if (received.isComplete) peer.askAt = 0;
        this.#unacked.add(peer); // also when it brought nothing new: the last ack may be lost
        const { added, removed } = received;
        this.#port.count('registry_changes', added.length + removed.length);
        for (const [, entry] of added) this.#port.observe(entry);
        return this.#tellRows(peer.node, added, removed);
      }
    }
  }

  #tellRows(node: NodeId, added: readonly Row[], removed: readonly Row[]): void {
    const realms = new Map<string, { added: Row[]; removed: number[] }>();
    const of = (realm: string): { added: Row[]; removed: number[] } => {
      let rows = realms.get(realm);
      if (!rows) realms.set(realm, (rows = { added: [], removed: [] }));
      return rows;
    };
    for (const row of added) of(row[1].realm).added.push(row);
    for (const [id, { realm }] of removed) of(realm).removed.push(id);
    for (const [realm, rows] of realms) this.#tell(realm, { kind: 'rows', node, ...rows });
  }

  /** The owner knows best; without a link to it, somebody else does. */
  #ask(peer: Peer, now: number): void {
    this.#port.count('registry_gaps');
    peer.askAt = now + PATIENCE * this.#config.gapDelayMs;
    const connected = this.#port.connected();
    const isDirect = connected.some((node) => isSameNode(node, peer.node));
    const to = isDirect
      ? peer.node
      : connected[this.#random.integer(0, Math.max(0, connected.length - 1))];
    const message = { kind: 'fetch', owner: peer.node, after: peer.log.sequence } as const;
    if (to) this.#port.send(to.name, message);
  }

  #onFetch(from: NodeId, owner: NodeId, after: number): void {
    const { own } = this.#rows;
    const log = isSameNode(owner, own.node) ? own : this.#peer(owner)?.log;
    if (!log || after >= log.sequence) return;
    if (log.since(after, 1) === undefined) return this.#sendSnapshot(from, log);
    for (let at = after; at < log.sequence;) {
      const changes = log.since(at, this.#config.batch)!;
      this.#port.send(from.name, { kind: 'changes', owner, first: at + 1, changes });
      at += changes.length;
    }
  }

  #sendSnapshot(to: NodeId, log: OwnerLog): void {
    this.#port.count('registry_snapshots');
    const { node: owner, sequence } = log;
    const rows = [...log.rows()];
    const { batch } = this.#config;
    for (let offset = 0; offset === 0 || offset < rows.length; offset += batch) {
      const page = rows.slice(offset, offset + batch);
      const total = rows.length;
      this.#port.send(to.name, { kind: 'snapshot', owner, sequence, offset, total, rows: page });
    }
  }

  #compare(to: NodeId, isAnswer: boolean): void {
    const { own, peers } = this.#rows;
    const owners: Known[] = [{ owner: own.node, sequence: own.sequence }];
    for (const { node, log } of peers.values())
      owners.push({ owner: node, sequence: log.sequence });
    this.#port.send(to.name, { kind: 'digest', owners, isAnswer });
  }

  #onDigest(from: NodeId, owners: readonly Known[], isAnswer: boolean, now: number): void {
    const theirs = new Map(owners.map(({ owner, sequence }) => [owner.name, { owner, sequence }]));
    const { own } = this.#rows;
    const ofUs = theirs.get(own.node.name);
    let isBehind = !ofUs || !isSameNode(ofUs.owner, own.node) || ofUs.sequence < own.sequence;
    if (ofUs && isSameNode(ofUs.owner, own.node)) this.#onAck(from, ofUs.sequence);
    for (const peer of this.#rows.peers.values()) {
      const known = theirs.get(peer.node.name);
      const sequence = known && isSameNode(known.owner, peer.node) ? known.sequence : 0;
      if (sequence < peer.log.sequence) isBehind = true;
      if (sequence <= peer.log.sequence) continue;
      peer.askAt = now + PATIENCE * this.#config.gapDelayMs;
      const message = { kind: 'fetch', owner: peer.node, after: peer.log.sequence } as const;
      this.#port.send(from.name, message);
    }
    if (isBehind && !isAnswer) this.#compare(from, true);
  }

  #onAck(from: NodeId, sequence: number): void {
    const peer = this.#peer(from);
    if (!peer || sequence <= peer.acked || sequence > this.#rows.own.sequence) return;
    peer.acked = sequence;
    this.#applied.check(this.#rows.peers.values());
  }

  #elsewhere(realm: string): readonly NodeRows[] {
    return [...this.#rows.peers.values()].map(({ node, state, log }) => ({
      node,
      state,
      rows: [...log.rows()].filter(([, entry]) => entry.realm === realm),
    }));
  }

  #tell(realm: string, event: RegistryEvent): void {
    const own = this.#rows.realms.get(realm);
    if (own) this.#port.tell(own.listener, event);
  }

  #tellAll(event: RegistryEvent): void {
    for (const { listener } of this.#rows.realms.values()) this.#port.tell(listener, event);
  }
}
