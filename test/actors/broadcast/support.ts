/** One broadcaster whose every word is written down, with a clock in the test's hand. */
import type { NodeId } from '../../../runtime/causality/identity.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import type { BroadcasterInput, BroadcasterRows } from '../../../actors/broadcast/broadcaster.ts';
import { Broadcaster } from '../../../actors/broadcast/broadcaster.ts';
import type { BroadcastConfig } from '../../../actors/broadcast/config.ts';
import { BROADCAST_DEFAULTS } from '../../../actors/broadcast/config.ts';
import type { Ids, Payload, PeerMessage } from '../../../actors/broadcast/message.ts';
import type { BroadcastTimer } from '../../../actors/broadcast/port.ts';

export const SELF: NodeId = { name: 'self', incarnation: 1 };
/** An origin other than the nodes under test. */
export const REMOTE = 'remote#1/1';

export function config(changes: Partial<BroadcastConfig> = {}): BroadcastConfig {
  return { ...BROADCAST_DEFAULTS, ...changes };
}

/** A tree whatever the number of nodes, and only what the test causes. */
export const TREE: Partial<BroadcastConfig> = { directMembers: 0, exchangeTickMs: 0 };

export function peer(name: string, incarnation = 1): NodeId {
  return { name, incarnation };
}

export function payload(sequence: number, origin = REMOTE, size = 3): Payload {
  return { origin, sequence, topic: 'registry', bytes: new Uint8Array(size).fill(sequence) };
}

export function ids(origin: string, ...ranges: number[]): Ids {
  return { origin, ranges };
}

interface Sent {
  readonly to: readonly string[];
  readonly message: PeerMessage;
}

export class Probe {
  readonly machine: Broadcaster;
  readonly delivered: string[] = [];
  readonly timers: { readonly at: number; readonly timer: BroadcastTimer }[] = [];
  readonly counts: Record<string, number> = {};
  now = 1_000;
  #sent: Sent[] = [];

  constructor(changes: Partial<BroadcastConfig> = {}, rows = newRows(), seed = 1) {
    this.machine = new Broadcaster({
      self: SELF,
      config: config(changes),
      rows,
      random: seededRandom(seed),
      port: {
        send: (to, message) => void this.#sent.push({ to, message }),
        deliver: ({ origin, sequence }) => void this.delivered.push(`${origin}:${sequence}`),
        schedule: (afterMs, timer) => void this.timers.push({ at: this.now + afterMs, timer }),
        count: (what, by = 1) => void (this.counts[what] = (this.counts[what] ?? 0) + by),
      },
    });
  }

  tell(input: BroadcasterInput): void {
    this.machine.handle(input, this.now);
  }

  hear(from: string, message: PeerMessage, incarnation = 1): void {
    this.tell({ kind: 'received', from: peer(from, incarnation), message });
  }

  gossip(from: string, sequence: number, origin = REMOTE): void {
    this.hear(from, { kind: 'gossip', payload: payload(sequence, origin), round: 1 });
  }

  publish(): void {
    this.tell({ kind: 'publish', topic: 'registry', bytes: new Uint8Array(3) });
  }

  fire(timer: BroadcastTimer): void {
    this.tell({ kind: 'timer', timer });
  }

  /** Members with a link, and neighbours as far as there is room. */
  connect(...names: string[]): void {
    for (const name of names) {
      this.tell({ kind: 'link_up', peer: peer(name) });
      this.tell({ kind: 'node_up', node: peer(name) });
    }
    this.fire('settle');
  }

  /** What was said since the last time, as `kind to,to`. */
  said(): string[] {
    return this.heard().map(({ to, message }) => `${message.kind} ${[...to].sort().join()}`);
  }

  /** The same, whole. */
  heard(): readonly Sent[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** The same, of one kind. */
  of<K extends PeerMessage['kind']>(kind: K): readonly Extract<PeerMessage, { kind: K }>[] {
    return this.heard()
      .map(({ message }) => message)
      .filter((message): message is Extract<PeerMessage, { kind: K }> => message.kind === kind);
  }
}

export function newRows(): BroadcasterRows {
  return { own: new Map(), seen: new Map() };
}
