/** One exchange, as long as it lasts: its machine on the network, with a limit to how long nothing may move. */
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import { encodeBody } from '../../runtime/net/peer/codec.ts';
import type { ExchangeOutcome } from './api.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeMessage } from './messages.ts';
import { toWire } from './messages.ts';
import type { Step } from './replica-calls.ts';
import { replicaOf } from './replica-calls.ts';
import type {
  ExchangeAnswer,
  ExchangeArgument,
  ExchangePeerLost,
  ReplicationDependencies,
} from './services.ts';
import { EXCHANGE } from './services.ts';

type Message = ExchangeAnswer | ExchangePeerLost | Step | { readonly kind: 'idle' };

export function exchange(
  dependencies: ReplicationDependencies,
  argument: ExchangeArgument,
): Definition<Message> {
  return {
    class: 'control',
    mailbox: { limit: 10_000, onFull: 'exit' },
    init: (context) => new ExchangeActor(dependencies, argument, context),
  };
}

class ExchangeActor implements Handlers<Message> {
  readonly #d: ReplicationDependencies;
  readonly #argument: ExchangeArgument;
  readonly #context: Context<Message>;
  readonly #machine: Exchange;
  #movedAt: number;
  #bytes = 0;
  #hasBegun = false;

  constructor(
    dependencies: ReplicationDependencies,
    argument: ExchangeArgument,
    context: Context<Message>,
  ) {
    const { state, config, hashing } = dependencies;
    this.#d = dependencies;
    this.#argument = argument;
    this.#context = context;
    this.#movedAt = context.clock.now();
    context.register(EXCHANGE);
    this.#machine = new Exchange({
      ...{ id: argument.number, peer: argument.peer, state, config, sha256: hashing.sha256 },
      replica: replicaOf<Message>(context, {
        keyed: hashing.keyed,
        timeoutMs: config.exchangeTimeoutMs,
        count: (what, by) => dependencies.count(what, by),
      }),
      send: (message) => this.#send(message),
      finished: (outcome) => this.#finished(outcome),
    });
    this.#watch();
    context.self.cast({ kind: 'step', run: () => this.#machine.start() });
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'exchange_answer':
        if (message.from !== this.#argument.peer || message.message.id !== this.#argument.number) {
          return this.#d.count('store_messages_unexpected');
        }
        this.#movedAt = this.#context.clock.now();
        return this.#machine.handle(message.message);
      case 'peer_lost':
        // What was under way is lost, and the next exchange must not wait for the time limit.
        if (message.peer === this.#argument.peer) this.#machine.fail('the link is down');
        return;
      case 'step':
        this.#movedAt = this.#context.clock.now();
        return message.run();
      case 'idle':
        return this.#watch();
    }
  }

  #watch(): void {
    const rest = this.#movedAt + this.#d.config.exchangeTimeoutMs - this.#context.clock.now();
    if (rest <= 0) return this.#machine.fail('nothing moved');
    this.#context.after(rest, { kind: 'idle' });
  }

  #send(message: ExchangeMessage): void {
    const body = encodeBody(toWire(message));
    this.#bytes += body.length;
    this.#d.count('store_exchange_bytes_sent', body.length);
    // A node that has just come up has its links before its store: the first word comes again until somebody has it.
    const options = { acknowledged: !this.#hasBegun };
    this.#hasBegun = true;
    const delivery = this.#d.network.send(this.#argument.peer, 'store', 'store', body, options);
    if (delivery === 'queued') return;
    this.#d.count('store_not_sent');
    this.#machine.fail(delivery);
  }

  #finished(outcome: ExchangeOutcome): void {
    const bytes = this.#bytes;
    const full = outcome.kind === 'done' ? { ...outcome, bytes } : outcome;
    this.#argument.report.cast({ kind: 'ended', outcome: full });
    this.#context.exit();
  }
}
