/** Stands in for actors/links: dials who is wanted, with the shipped back-off, on the simulated transport. */
import type { LinksMessage } from '../../actors/links/api.ts';
import { LINKS } from '../../actors/links/api.ts';
import { BackOff } from '../../actors/links/back-off.ts';
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import type { Host, Transport } from './transport.ts';

interface Target {
  readonly backOff: BackOff;
  nextAt: number;
  wasLinked: boolean;
}

type Message = LinksMessage | { readonly kind: 'tick' };

const TICK_MS = 100;
/** A dial that is not answered by then has failed. */
const DIAL_MS = 250;

/** The host part of an address is the name of a node. */
export function linksAgent(
  transport: Transport,
  host: Host,
  redialMs: readonly [min: number, max: number],
): Definition<Message> {
  return {
    class: 'control',
    init: (context) => new LinksAgent(transport, host, redialMs, context),
  };
}

class LinksAgent implements Handlers<Message> {
  readonly #transport: Transport;
  readonly #host: Host;
  readonly #redialMs: readonly [min: number, max: number];
  readonly #context: Context<Message>;
  readonly #targets = new Map<string, Target>();

  constructor(
    transport: Transport,
    host: Host,
    redialMs: readonly [min: number, max: number],
    context: Context<Message>,
  ) {
    this.#transport = transport;
    this.#host = host;
    this.#redialMs = redialMs;
    this.#context = context;
    context.register(LINKS);
    this.#tick();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'connect':
        return this.#connect(message.address.host);
      case 'disconnect':
        this.#targets.delete(message.name);
        return this.#transport.close(this.#host.id.name, message.name);
      case 'forget':
        if (!this.#isLinked(message.address.host)) this.#targets.delete(message.address.host);
        return;
      case 'info':
        return message.reply.reply([]);
      case 'tick':
        return this.#tick();
    }
  }

  #connect(name: string): void {
    if (name === this.#host.id.name || this.#targets.has(name)) return;
    const [minMs, maxMs] = this.#redialMs;
    const target = { backOff: new BackOff(minMs, maxMs), nextAt: 0, wasLinked: false };
    this.#targets.set(name, target);
    this.#dial(name, target);
  }

  #tick(): void {
    const now = this.#context.clock.now();
    for (const [name, target] of this.#targets) {
      if (this.#isLinked(name)) target.wasLinked = true;
      else if (target.wasLinked) {
        target.backOff.reset();
        target.wasLinked = false;
        target.nextAt = now + target.backOff.next(this.#context.random);
      } else if (now >= target.nextAt) this.#dial(name, target);
    }
    this.#context.after(TICK_MS, { kind: 'tick' });
  }

  #dial(name: string, target: Target): void {
    if (this.#isLinked(name)) return;
    const waitMs = DIAL_MS + target.backOff.next(this.#context.random);
    target.nextAt = this.#context.clock.now() + waitMs;
    this.#transport.dial(this.#host, name);
  }

  #isLinked(name: string): boolean {
    return this.#transport.isLinked(this.#host.id.name, name);
  }
}
