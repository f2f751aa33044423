/** Begins exchanges, one at a time: with the next peer of a round every `aae.exchange_timer`, and with who has come up. */
import { nodeKey } from '../../runtime/causality/identity.ts';
import type { Context, Definition, Down, Handlers, ReplyTo } from '../../runtime/kernel/actor.ts';
import type { StartResult, SupervisorMessage } from '../../runtime/kernel/supervision.ts';
import type { CallOutcome } from '../../runtime/kernel/actor.ts';
import type { MembershipEvent } from '../membership/api.ts';
import { MEMBERSHIP } from '../membership/api.ts';
import type { ExchangeOutcome, ExchangesMessage, PartitionMessage } from './api.ts';
import { EXCHANGES, partitionName } from './api.ts';
import { CatchingUp } from './catching-up.ts';
import { Rounds } from './rounds.ts';
import type { ExchangeArgument, ReplicationDependencies } from './services.ts';
import { EXCHANGE_CHILDREN } from './services.ts';

type Own =
  | { readonly kind: 'tick' }
  | { readonly kind: 'catch_up' }
  | { readonly kind: 'follow' }
  | { readonly kind: 'ended'; readonly outcome: ExchangeOutcome }
  | { readonly kind: 'started'; readonly outcome: CallOutcome<StartResult> };

type Message = ExchangesMessage | MembershipEvent | Own;

const FOLLOW_AGAIN_MS = 200;
const START_MS = 5_000;
/** While puts wait for an exchange, one that failed is not left until the next tick. */
const CATCH_UP_AGAIN_MS = 500;

interface Running {
  readonly peer: string;
  readonly replies: ReplyTo<ExchangeOutcome>[];
}

export function exchanges(dependencies: ReplicationDependencies): Definition<Message> {
  return { class: 'control', init: (context) => new ExchangesActor(dependencies, context) };
}

class ExchangesActor implements Handlers<Message> {
  readonly #d: ReplicationDependencies;
  readonly #context: Context<Message>;
  readonly #rounds: Rounds;
  readonly #catchingUp: CatchingUp;
  readonly #asked = new Map<string, ReplyTo<ExchangeOutcome>[]>();
  #running: Running | undefined;
  #monitor: number | undefined;
  #membership: number | undefined;
  /** Preferred at the last tick; not twice in a row, for what it has may be refused here. */
  #lastAhead: string | undefined;
  #number = 0;

  constructor(dependencies: ReplicationDependencies, context: Context<Message>) {
    this.#d = dependencies;
    this.#context = context;
    this.#rounds = new Rounds(context.random);
    this.#catchingUp = new CatchingUp(dependencies.config.exchangeMs);
    // Of another life of this actor there may still be answers on their way.
    this.#number = context.random.integer(0, 2 ** 24);
    context.register(EXCHANGES);
    this.#follow();
    this.#tickLater();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'tick':
        this.#tickLater();
        if (this.#d.config.isAaeEnabled) this.#onTick();
        return;
      case 'catch_up':
        return this.#begin();
      case 'exchange':
        return this.#onAsked(message.peer, message.reply);
      case 'ended':
        return this.#ended(message.outcome);
      case 'started':
        return this.#onStarted(message.outcome);
      case 'node_up':
        if (message.node.name === this.#d.network.self.name) return;
        this.#rounds.prefer(message.node.name);
        if (this.#d.config.isAaeEnabled) this.#begin();
        return;
      case 'node_suspect':
      case 'node_down':
        return;
      case 'node_left':
        return void this.#d.state.lastExchanges.delete(message.node.name);
      case 'follow':
        return this.#follow();
      case 'info':
        return message.reply.reply({
          ...{ running: this.#running?.peer, served: 0 },
          last: new Map(this.#d.state.lastExchanges),
        });
    }
  }

  onDown({ monitor, reason }: Down): void {
    if (monitor === this.#membership) {
      this.#context.after(FOLLOW_AGAIN_MS, { kind: 'follow' });
      return;
    }
    // Signals go before messages: one that ended well has told its outcome, which is still in the mailbox.
    if (monitor !== this.#monitor || reason.kind === 'normal') return;
    const { peer } = this.#running ?? {};
    if (peer !== undefined) this.#ended({ kind: 'failed', peer, reason: reason.kind });
  }

  #follow(): void {
    const membership = this.#context.whereis(MEMBERSHIP);
    if (membership === undefined) {
      this.#context.after(FOLLOW_AGAIN_MS, { kind: 'follow' });
      return;
    }
    this.#membership = this.#context.monitor(membership);
    membership.cast({ kind: 'subscribe', target: this.#context.self });
  }

  #onAsked(peer: string | undefined, reply: ReplyTo<ExchangeOutcome> | undefined): void {
    const wanted = peer ?? this.#rounds.next(this.#peers());
    if (wanted === undefined || !this.#d.network.isConnected(wanted)) {
      return reply?.reply({ kind: 'failed', peer: wanted, reason: 'not connected' });
    }
    if (reply !== undefined) this.#asked.set(wanted, [...(this.#asked.get(wanted) ?? []), reply]);
    this.#rounds.prefer(wanted);
    this.#begin();
  }

  /** First with one that has reported to have what this node lacks: the next of a round may lack it as well. */
  #onTick(): void {
    const ahead = this.#d.network.connected().filter((peer) => this.#isAhead(nodeKey(peer)));
    const others = ahead.filter(({ name }) => name !== this.#lastAhead);
    this.#lastAhead = others[0]?.name;
    if (others[0] !== undefined) this.#rounds.prefer(others[0].name);
    this.#begin();
  }

  #isAhead(member: string): boolean {
    return this.#d.state.partitions.some(({ watermarks, clock }) =>
      watermarks.isAhead(member, clock),
    );
  }

  #begin(): void {
    if (this.#running !== undefined || !this.#d.state.isReady) return;
    const peer = this.#rounds.next(this.#peers());
    if (peer === undefined) return;
    const supervisor = this.#context.whereis(EXCHANGE_CHILDREN);
    if (supervisor === undefined) return;
    const number = ++this.#number;
    this.#running = { peer, replies: this.#asked.get(peer) ?? [] };
    this.#asked.delete(peer);
    this.#d.count('store_exchanges');
    const argument = { id: `${peer}.${number}`, number, peer, report: this.#context.self };
    this.#context.call<SupervisorMessage<ExchangeArgument>, StartResult>(
      supervisor,
      (reply) => ({ kind: 'start_child', argument, reply }),
      START_MS,
      (outcome) => ({ kind: 'started', outcome }),
    );
  }

  #onStarted(outcome: CallOutcome<StartResult>): void {
    if (this.#running === undefined) return;
    if (outcome.kind === 'reply' && outcome.value.kind === 'started') {
      this.#monitor = this.#context.monitor(outcome.value.ref);
      return;
    }
    this.#ended({ kind: 'failed', peer: this.#running.peer, reason: 'it did not start' });
  }

  #ended(outcome: ExchangeOutcome): void {
    const running = this.#running;
    if (running === undefined || running.peer !== outcome.peer) return;
    this.#running = undefined;
    this.#monitor = undefined;
    if (outcome.kind === 'equal') this.#d.count('store_exchanges_equal');
    if (outcome.kind === 'failed') this.#failed();
    else this.#compared(running.peer, outcome);
    const { lastExchanges } = this.#d.state;
    const atMs = this.#context.clock.wall();
    const comparedAtMs =
      outcome.kind === 'failed' ? lastExchanges.get(running.peer)?.comparedAtMs : atMs;
    lastExchanges.set(running.peer, { outcome, atMs, comparedAtMs });
    for (const reply of running.replies) reply.reply(outcome);
    if (this.#rounds.hasPreferred) this.#begin();
  }

  /** Puts wait for one that does not. */
  #failed(): void {
    this.#d.count('store_exchanges_failed');
    if (!this.#d.state.isCatchingUp) return;
    this.#context.after(CATCH_UP_AGAIN_MS, { kind: 'catch_up' });
  }

  #compared(peer: string, outcome: Exclude<ExchangeOutcome, { kind: 'failed' }>): void {
    this.#catchUp(peer, outcome.isPeerCatchingUp);
    const node = this.#d.network.connected().find(({ name }) => name === peer);
    if (node === undefined || (outcome.kind === 'done' && outcome.refused > 0)) return;
    this.#tellPartitions({ kind: 'compared', member: nodeKey(node) });
  }

  #catchUp(peer: string, isPeerCatchingUp: boolean): void {
    const { state, network } = this.#d;
    if (!state.isCatchingUp) return;
    const isOther = (name: string): boolean => name !== network.self.name;
    const members = state.members.map(nameOf).filter(isOther);
    const connected = this.#peers();
    const now = this.#context.clock.now();
    if (this.#catchingUp.compared(peer, isPeerCatchingUp, members, connected, now)) {
      return this.#tellPartitions({ kind: 'caught_up' });
    }
    for (const other of connected) if (this.#catchingUp.isNew(other)) this.#rounds.prefer(other);
  }

  #tellPartitions(message: PartitionMessage): void {
    for (const { index } of this.#d.state.partitions) {
      this.#context.whereis(partitionName(index))?.cast(message);
    }
  }

  #peers(): readonly string[] {
    return this.#d.network.connected().map(({ name: peer }) => peer);
  }

  #tickLater(): void {
    this.#context.after(this.#d.config.exchangeMs, { kind: 'tick' });
  }
}

/** Of a `nodeKey`. */
function nameOf(key: string): string {
  return key.slice(0, key.lastIndexOf('#'));
}
