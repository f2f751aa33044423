/** The agent of the relay: what other nodes' routers say goes to the router of its realm here. */
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import { nodeKey } from '../../runtime/causality/identity.ts';
import type { Delivery } from '../../runtime/kernel/actor.ts';
import type { Mailbox } from '../../runtime/kernel/mailbox.ts';
import { peerService } from '../links/api.ts';
import type { PeerInput } from '../../runtime/net/peer/port.ts';
import type { Relayed, RelayMessage } from './api.ts';
import { RELAY } from './api.ts';
import type { RelayConfig } from './config.ts';
import type { RelayCounter } from './counters.ts';
import type { Inbound } from './inbound.ts';
import type { Markers } from './markers.ts';
import type { RelaySender } from './sender.ts';
import type { Batch, Codecs } from './wire.ts';
import { decode } from './wire.ts';

/** A realm's router, as the relay meets it. */
export interface RelayRouter {
  cast(message: Relayed): Delivery;
  admit(message: Relayed): void;
}

export type RelayActorMessage =
  | PeerInput
  | { readonly kind: 'flush' }
  | { readonly kind: 'renew' }
  | { readonly kind: 'held' }
  /** Batches of this line need not wait for the store any more. */
  | { readonly kind: 'released'; readonly line: string };

export interface RelayDependencies {
  readonly config: RelayConfig;
  readonly codecs: Codecs;
  /** Its supervisor's; the sender's `onHeld` puts `held` in here. */
  readonly mailbox: Mailbox<RelayActorMessage>;
  readonly sender: RelaySender;
  /** Its supervisor's. Undefined: there is no store to wait for. */
  readonly causality?: { readonly inbound: Inbound; readonly markers: Markers } | undefined;
  router(realm: string): RelayRouter | undefined;
  count(what: RelayCounter, by?: number): void;
  log(level: 'info' | 'warn' | 'error', event: string, fields: Record<string, unknown>): void;
}

export function relay(dependencies: RelayDependencies): Definition<RelayActorMessage> {
  return {
    class: 'control',
    mailbox: dependencies.mailbox,
    init: (context) => new Relay(dependencies, context),
  };
}

class Relay implements Handlers<RelayActorMessage> {
  readonly #d: RelayDependencies;
  readonly #context: Context<RelayActorMessage>;
  #isTicking = false;

  constructor(dependencies: RelayDependencies, context: Context<RelayActorMessage>) {
    this.#d = dependencies;
    this.#context = context;
    dependencies.mailbox.takeInterrupted();
    for (const line of dependencies.causality?.inbound.lines ?? []) {
      dependencies.mailbox.admit({ kind: 'released', line });
    }
    context.register(RELAY);
    context.register(peerService('relay'));
    this.#tick();
    this.#renewLater();
  }

  handle(message: RelayActorMessage): void {
    switch (message.kind) {
      case 'peer_message':
        this.#d.sender.use(message.from.name);
        return this.#onBytes(message.from, message.body);
      case 'link_up':
        this.#d.causality?.markers.forget(message.peer.name);
        return this.#flush();
      case 'link_down':
        // What waits waits until membership has decided.
        return this.#d.causality?.markers.forget(message.peer.name);
      case 'released':
        return this.#onReleased(message.line);
      case 'held':
        return this.#tick();
      case 'renew':
        this.#d.sender.renew();
        return this.#renewLater();
      case 'flush':
        this.#isTicking = false;
        return this.#flush();
    }
  }

  #onBytes(from: NodeId, body: Uint8Array): void {
    const batch = decode(body, this.#d.codecs);
    const malformed = batch?.malformed ?? 1;
    if (malformed > 0) {
      this.#d.count('relay_malformed', malformed);
      this.#d.log('warn', 'relay.malformed', { from: nodeKey(from), bytes: body.length });
    }
    if (!batch) return;
    this.#d.count('relay_received', batch.messages.length);
    const { causality } = this.#d;
    if (!causality || causality.inbound.arrive(from, batch, body.length)) {
      this.#onBatch(from, batch, batch.messages);
    }
  }

  #onReleased(line: string): void {
    const { inbound } = this.#d.causality!;
    for (let next = inbound.take(line); next; next = inbound.take(line)) {
      const { from, batch, isLate } = next;
      this.#onBatch(from, batch, isLate ? this.#withoutCalls(from, batch) : batch.messages);
    }
  }

  /** A callee must not act before it could see what the caller has seen; for an event it is better than nothing. */
  #withoutCalls(from: NodeId, { messages }: Batch): readonly RelayMessage[] {
    const rest = messages.filter((message) => message.kind !== 'invocation');
    if (rest.length > 0) this.#d.count('relay_late_messages', rest.length);
    for (const message of messages) {
      this.#refuse(from, message, 'relay_late_calls', 'the store there has not caught up');
    }
    return rest;
  }

  #onBatch(from: NodeId, { realm }: Batch, messages: readonly RelayMessage[]): void {
    if (messages.length === 0) return;
    const router = this.#d.router(realm);
    if (router) return this.#deliver(router, from, messages);
    for (const message of messages) {
      this.#refuse(from, message, 'relay_strays', 'the realm is not open there');
    }
  }

  /** What can be refused may be; answers always fit, because they were asked for. */
  #deliver(router: RelayRouter, from: NodeId, messages: readonly RelayMessage[]): void {
    if (router.cast({ kind: 'relayed', from, messages, done: 0 }) === 'accepted') return;
    const asked = messages.filter((message) => !isRefusable(message));
    if (asked.length > 0) router.admit({ kind: 'relayed', from, messages: asked, done: 0 });
    for (const message of messages) {
      if (!isRefusable(message)) continue;
      this.#refuse(from, message, 'relay_overloaded', 'the router there is overloaded');
    }
  }

  #refuse(
    { name }: NodeId,
    message: RelayMessage,
    counter: 'relay_strays' | 'relay_overloaded' | 'relay_late_calls',
    detail: string,
  ): void {
    if (message.kind === 'invocation' || counter !== 'relay_late_calls') this.#d.count(counter);
    if (message.kind !== 'invocation') return;
    const { realm, callee } = message;
    const { request } = message.message;
    this.#d.sender.send(name, { kind: 'refused', realm, callee, request, detail });
  }

  #flush(): void {
    this.#d.sender.flush(this.#context.clock.now());
    this.#tick();
  }

  /** Often enough that no link ends while it is used, with time to spare for one that is late. */
  #renewLater(): void {
    this.#context.after(this.#d.config.keptMs / 5, { kind: 'renew' });
  }

  #tick(): void {
    if (this.#isTicking || !this.#d.sender.isHolding) return;
    this.#isTicking = true;
    this.#context.after(this.#d.config.heldRetryMs, { kind: 'flush' });
  }
}

function isRefusable({ kind }: RelayMessage): boolean {
  return kind === 'event' || kind === 'question' || kind === 'invocation';
}
