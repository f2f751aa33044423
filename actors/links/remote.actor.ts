/** The remote service: carries what remote.ts decides, and asks and watches the exported actors of this node. */
import type { NodeId } from '../../runtime/causality/identity.ts';
import { isSameNode, nodeKey } from '../../runtime/causality/identity.ts';
import type {
  CallOutcome,
  Context,
  Definition,
  Down,
  Handlers,
} from '../../runtime/kernel/actor.ts';
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import type { PeerInput, PeerNetwork } from '../../runtime/net/peer/port.ts';
import type { Exported, RemoteMessage } from './api.ts';
import { peerService, REMOTE } from './api.ts';
import type { RemoteEffects } from './remote.ts';
import { Remote } from './remote.ts';
import { encodeRemote, parseRemote } from './remote-messages.ts';
import type { RemoteWire } from './remote-messages.ts';

export interface RemoteParts {
  readonly network: PeerNetwork;
  /** What other nodes may reach, and nothing else. */
  readonly exports: readonly Exported[];
  /** Of an overlay that does not link to every node: keeps a link to this one, made if need be, for some minutes. */
  readonly reach?: ((name: string) => void) | undefined;
  count(counter: string): void;
}

type Message =
  | RemoteMessage
  | PeerInput
  | { readonly kind: 'expired'; readonly id: number }
  | { readonly kind: 'unreached'; readonly node: string }
  | { readonly kind: 'renew' }
  | {
      readonly kind: 'answered';
      readonly from: NodeId;
      readonly id: number;
      readonly outcome: CallOutcome<PlainValue>;
    };

/** Messages for services share nothing with WAMP's, except the channel. */
const CHANNEL = 'relay';

const MAX_FIRST_ID = 2 ** 48;

/** That casts, calls and monitors wait for a link to be made; calls no longer than their own patience. */
const REACH_MS = 5_000;
/** Well within the time that a link is kept. */
const RENEW_MS = 60_000;

export function remote(parts: RemoteParts): Definition<Message> {
  return { class: 'control', init: (context) => new RemoteActor(parts, context) };
}

class RemoteActor implements Handlers<Message>, RemoteEffects {
  readonly #parts: RemoteParts;
  readonly #context: Context<Message>;
  readonly #remote: Remote;
  /** Monitors of ours on behalf of peers, both ways. */
  readonly #watching = new Map<number, { readonly from: NodeId; readonly id: number }>();
  readonly #monitors = new Map<string, number>();

  constructor(parts: RemoteParts, context: Context<Message>) {
    this.#parts = parts;
    this.#context = context;
    this.#remote = new Remote(parts.exports, this, context.random.integer(0, MAX_FIRST_ID));
    context.register(REMOTE);
    context.register(peerService('remote'));
    for (const { name } of parts.network.connected()) this.send(name, { kind: 'reset' });
    if (parts.reach !== undefined) this.#renewLater();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'peer_message':
        return this.#receive(message.from, message.body);
      case 'link_up':
        return this.#remote.linkUp(message.peer);
      case 'link_down':
        return this.#remote.linkDown(message.peer);
      case 'unreached':
        return this.#remote.unreached(message.node);
      case 'renew':
        this.#remote.renew();
        return this.#renewLater();
      case 'expired':
        return this.#remote.expire(message.id);
      case 'answered':
        return this.#answer(message.from, answerOf(message.id, message.outcome));
      default:
        return this.#remote.handle(message);
    }
  }

  onDown({ monitor }: Down): void {
    const watch = this.#watching.get(monitor);
    if (watch === undefined) return;
    this.#forget(monitor, watch.from, watch.id);
    this.#remote.ended(watch.from, watch.id);
  }

  #renewLater(): void {
    this.#context.after(RENEW_MS, { kind: 'renew' });
  }

  #receive(from: NodeId, body: Uint8Array): void {
    const wire = parseRemote(body);
    if (wire === undefined) return this.#parts.count('remote_malformed');
    this.#remote.receive(from, wire);
  }

  /** Not to a later life of the node that has asked: its numbers mean other calls. */
  #answer(to: NodeId, wire: RemoteWire): void {
    const isThere = this.#parts.network.connected().some((node) => isSameNode(node, to));
    if (!isThere || this.send(to.name, wire) !== 'queued') this.count('remote_answers_dropped');
  }

  // RemoteEffects

  send(to: string, message: RemoteWire): ReturnType<RemoteEffects['send']> {
    return this.#parts.network.send(to, CHANNEL, 'remote', encodeRemote(message));
  }

  reach(to: string): boolean {
    this.#parts.reach?.(to);
    return this.#parts.reach !== undefined;
  }

  waitFor(node: string): void {
    this.#context.after(REACH_MS, { kind: 'unreached', node });
  }

  reply: RemoteEffects['reply'] = (to, outcome) => to.reply(outcome);

  tell: RemoteEffects['tell'] = (watcher, down) => {
    if (watcher.cast(down) === 'refused') this.count('remote_downs_refused');
  };

  schedule(ms: number, id: number): void {
    this.#context.after(ms, { kind: 'expired', id });
  }

  cast(exported: Exported, { body }: RemoteWire & { kind: 'cast' }, from: NodeId): void {
    const message = exported.cast?.(body, from);
    const target = this.#context.whereis(exported.target);
    if (message === undefined || target === undefined) return this.count('remote_casts_refused');
    if (target.cast(message) !== 'accepted') this.count('remote_casts_refused');
  }

  call(
    exported: Exported,
    { id, body, timeoutMs }: RemoteWire & { kind: 'call' },
    from: NodeId,
  ): void {
    const request = exported.call?.(body, from);
    const target = this.#context.whereis(exported.target);
    if (request === undefined || target === undefined) {
      const reason = target === undefined ? 'noproc' : 'refused';
      return void this.send(from.name, { kind: 'failed', id, reason });
    }
    this.#context.call<never, PlainValue>(target, request, timeoutMs, (outcome) => ({
      kind: 'answered',
      from,
      id,
      outcome,
    }));
  }

  watch(exported: Exported, from: NodeId, id: number): boolean {
    const target = this.#context.whereis(exported.target);
    if (target === undefined) return false;
    const monitor = this.#context.monitor(target);
    this.#watching.set(monitor, { from, id });
    this.#monitors.set(keyOf(from, id), monitor);
    return true;
  }

  unwatch(from: NodeId, id: number): void {
    const monitor = this.#monitors.get(keyOf(from, id));
    if (monitor === undefined) return;
    this.#context.demonitor(monitor);
    this.#forget(monitor, from, id);
  }

  count(counter: string): void {
    this.#parts.count(counter);
  }

  #forget(monitor: number, from: NodeId, id: number): void {
    this.#watching.delete(monitor);
    this.#monitors.delete(keyOf(from, id));
  }
}

function keyOf(from: NodeId, id: number): string {
  return `${nodeKey(from)} ${id}`;
}

/** A timeout here needs no words: the caller has its own. */
function answerOf(id: number, outcome: CallOutcome<PlainValue>): RemoteWire {
  if (outcome.kind === 'reply') return { kind: 'answer', id, body: outcome.value };
  if (outcome.kind === 'timeout') return { kind: 'failed', id, reason: 'refused' };
  return { kind: 'failed', id, reason: outcome.reason.kind === 'noproc' ? 'noproc' : 'ended' };
}
