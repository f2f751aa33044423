/** The agent of the registry: membership, links and broadcast in, the routers of this node told. */
import type { Context, Definition, Down, Handlers, TimerId } from '../../runtime/kernel/actor.ts';
import type { Mailbox } from '../../runtime/kernel/mailbox.ts';
import { encodeBody } from '../../runtime/net/peer/codec.ts';
import type { PeerInput, PeerNetwork } from '../../runtime/net/peer/port.ts';
import type { Stamp } from '../../runtime/causality/hlc.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import { nodeKey } from '../../runtime/causality/identity.ts';
import { BROADCAST } from '../broadcast/api.ts';
import type { Broadcasted } from '../broadcast/api.ts';
import { peerService } from '../links/api.ts';
import { MEMBERSHIP } from '../membership/api.ts';
import type { MembershipEvent } from '../membership/api.ts';
import type { Entry, RegistryEvent, RegistryListener, RegistryMessage } from './api.ts';
import { REGISTRY } from './api.ts';
import type { RegistryConfig } from './config.ts';
import type { RegistryCounter } from './counters.ts';
import type { RegistryWire } from './messages.ts';
import { parse, plain } from './messages.ts';
import type { RegistryCount, RegistryPort } from './registry.ts';
import { Registry } from './registry.ts';
import type { RegistryTables } from './tables.ts';

export interface RegistryDependencies {
  readonly config: RegistryConfig;
  readonly network: PeerNetwork;
  /** Its supervisor's, so that no report of a router is lost with this actor. */
  readonly mailbox: Mailbox<RegistryActorMessage>;
  readonly tables: RegistryTables;
  /** For the node's hybrid clock. */
  observe(stamp: Stamp): void;
  count(what: RegistryCounter, by?: number): void;
  log(level: 'info' | 'warn' | 'error', event: string, fields: Record<string, unknown>): void;
}

type Own = { readonly kind: 'flush' } | { readonly kind: 'tick' } | { readonly kind: 'find' };

export type RegistryActorMessage =
  RegistryMessage | MembershipEvent | PeerInput | Broadcasted | Own;

/** Ms until membership and broadcast are looked for again. */
const FIND_MS = 100;

export function registry(dependencies: RegistryDependencies): Definition<RegistryActorMessage> {
  return {
    class: 'control',
    mailbox: dependencies.mailbox,
    init: (context) => new RegistryActor(dependencies, context),
  };
}

class RegistryActor implements Handlers<RegistryActorMessage>, RegistryPort {
  readonly #d: RegistryDependencies;
  readonly #context: Context<RegistryActorMessage>;
  readonly #registry: Registry;
  readonly #found = new Map<number, 'membership' | 'broadcast'>();
  #timer: TimerId | undefined;
  #timerDue = 0;
  #isFlushing = false;

  constructor(dependencies: RegistryDependencies, context: Context<RegistryActorMessage>) {
    this.#d = dependencies;
    this.#context = context;
    const rows = dependencies.tables.claim(context as Context<never>);
    const { config, mailbox } = dependencies;
    mailbox.takeInterrupted(); // its sender is asked to report anew, or comparing repairs it
    context.register(REGISTRY);
    context.register(peerService('registry'));
    this.#registry = new Registry(rows, config, this, context.random, context.clock.now());
    this.#find();
    this.#after();
  }

  handle(message: RegistryActorMessage): void {
    this.#on(message, this.#context.clock.now());
    this.#after();
  }

  onDown({ monitor }: Down): void {
    this.#found.delete(monitor);
    this.#find();
  }

  #on(message: RegistryActorMessage, now: number): void {
    const registry = this.#registry;
    switch (message.kind) {
      case 'attach':
        return registry.attach(message.realm, message.listener, message.entries, message.token);
      case 'changed':
        return registry.change(message.realm, message.changes, message.token);
      case 'info':
        return message.reply.reply(registry.info());
      case 'node_up':
        return registry.nodeUp(message.node);
      case 'node_suspect':
        return registry.nodeSuspect(message.node);
      case 'node_down':
        return registry.nodeDown(message.node, now);
      case 'node_left':
        return registry.nodeLeft(message.node);
      case 'link_up':
        return registry.linkUp(message.peer);
      case 'link_down':
        return; // membership says what it means
      case 'peer_message':
        return this.#onBytes(message.from, message.body, now);
      case 'broadcast':
        return this.#onBytes(message.origin, message.payload, now);
      case 'flush':
        this.#isFlushing = false;
        return registry.flush();
      case 'tick':
        this.#timer = undefined;
        return registry.tick(now);
      case 'find':
        return this.#find();
    }
  }

  #onBytes(from: NodeId, body: Uint8Array, now: number): void {
    const message = parse(body);
    if (message) return this.#registry.receive(from, message, now);
    this.#d.count('registry_malformed');
    this.#d.log('warn', 'registry.malformed', { from: nodeKey(from), bytes: body.length });
  }

  /** Subscribes where it is not subscribed. */
  #find(): void {
    const target = this.#context.self;
    const found = new Set(this.#found.values());
    let isMissing = false;
    if (!found.has('membership')) {
      const membership = this.#context.whereis(MEMBERSHIP);
      if (membership) {
        this.#found.set(this.#context.monitor(membership), 'membership');
        membership.cast({ kind: 'subscribe', target });
      } else isMissing = true;
    }
    if (!found.has('broadcast')) {
      const broadcast = this.#context.whereis(BROADCAST);
      if (broadcast) {
        this.#found.set(this.#context.monitor(broadcast), 'broadcast');
        broadcast.cast({ kind: 'subscribe', topic: 'registry', target });
      } else isMissing = true;
    }
    if (isMissing) this.#context.after(FIND_MS, { kind: 'find' });
  }

  /** A flush goes behind what waits already, so many changes share a message. */
  #after(): void {
    if (this.#registry.isDirty && !this.#isFlushing) {
      this.#isFlushing = true;
      this.#d.mailbox.admit({ kind: 'flush' });
    }
    const { due } = this.#registry;
    if (this.#timer !== undefined && this.#timerDue === due) return;
    if (this.#timer !== undefined) this.#context.cancel(this.#timer);
    this.#timerDue = due;
    const delay = Math.max(0, due - this.#context.clock.now());
    this.#timer = this.#context.after(delay, { kind: 'tick' });
  }

  // ---- the machine's port

  broadcast(message: RegistryWire): void {
    const payload = encodeBody(plain(message));
    this.#context.whereis(BROADCAST)?.cast({ kind: 'publish', topic: 'registry', payload });
  }

  send(to: string, message: RegistryWire): void {
    const { network, count } = this.#d;
    const sent = network.send(to, 'broadcast', 'registry', encodeBody(plain(message)));
    if (sent !== 'queued') count('registry_sends_refused');
  }

  connected(): readonly NodeId[] {
    return this.#d.network.connected();
  }

  tell(listener: RegistryListener, event: RegistryEvent): void {
    listener.admit({ kind: 'registry', event });
  }

  observe(entry: Entry): void {
    if (entry.kind === 'registration') this.#d.observe(entry.stamp);
  }

  count(what: RegistryCount, by?: number): void {
    this.#d.count(what, by);
  }
}
