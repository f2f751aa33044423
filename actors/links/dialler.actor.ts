/**
 * One node to be linked with: dials until there is a link, whoever made it, and again when that has ended. It only makes
 * the control connection; the link's own actor opens the others.
 */
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import { NORMAL } from '../../runtime/kernel/actor.ts';
import type { DialOutcome, Gate } from '../../runtime/net/peer/gate.ts';
import type { PeerLink } from '../../runtime/net/peer/link.ts';
import type { PeerSwitch } from '../../runtime/net/peer/switch.ts';
import { PEERS } from './api.ts';
import type { DialProblem, DialTarget } from './api.ts';
import { BackOff } from './back-off.ts';
import type { LinksConfig } from './config.ts';
import type { DialBoard } from './dial-board.ts';
import { ownership } from './ownership.ts';

type Message =
  | { readonly kind: 'dial' }
  | { readonly kind: 'dialled'; readonly outcome: DialOutcome }
  | { readonly kind: 'link_ended' };

export interface DiallerParts {
  readonly config: LinksConfig;
  readonly gate: Gate;
  readonly network: PeerSwitch;
  readonly board: DialBoard;
}

/** A link that ends sooner counts as a failed dial. */
const STABLE_MS = 5_000;
/** A peer that still believes in a link we have lost finds out soon. */
const STALE_MS = 1_000;
/** This node is not ready while another one has its name, and is to be soon after that one has stopped. */
const TWIN_MS = 5_000;

export function dialler(parts: DiallerParts, target: DialTarget): Definition<Message> {
  return { class: 'control', init: (context) => new Dialler(parts, target, context) };
}

class Dialler implements Handlers<Message> {
  readonly #parts: DiallerParts;
  readonly #target: DialTarget;
  readonly #context: Context<Message>;
  readonly #backOff: BackOff;
  #name: string | undefined;
  #linkedAt = 0;
  #problem: DialProblem | undefined;
  /** Never linked with, or it has refused us since. */
  #isStranger = true;

  constructor(parts: DiallerParts, target: DialTarget, context: Context<Message>) {
    this.#parts = parts;
    this.#target = target;
    this.#context = context;
    this.#name = target.name;
    this.#backOff = new BackOff(parts.config.redialMinMs, parts.config.redialMaxMs);
    context.own({ close: () => parts.board.delete(target.id) });
    this.#dial();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'dial':
        return this.#dial();
      case 'dialled':
        return this.#onDialled(message.outcome);
      case 'link_ended':
        if (this.#context.clock.now() - this.#linkedAt >= STABLE_MS) this.#backOff.reset();
        return this.#later();
      default:
        return never(message);
    }
  }

  #dial(): void {
    const { network, gate } = this.#parts;
    const link = this.#name === undefined ? undefined : network.linkTo(this.#name);
    if (link !== undefined) return this.#waitFor(link);
    this.#show('dialling');
    const { address, name } = this.#target;
    const purpose = { channel: 'control', slot: 0, session: undefined } as const;
    const port = gate.dial(address, purpose, name, (outcome) => {
      disown();
      this.#context.self.cast({ kind: 'dialled', outcome });
    });
    const disown = this.#context.own(port);
  }

  #onDialled(outcome: DialOutcome): void {
    switch (outcome.kind) {
      case 'link':
        if (!this.#handOver(outcome.link)) return this.#later();
        return this.#waitFor(outcome.link);
      case 'refused':
        if (outcome.reason === 'self') return this.#end();
        this.#name = this.#target.name ?? outcome.claimed?.node.name;
        if (outcome.reason === 'duplicate') return this.#dialOrWait();
        this.#isStranger = true;
        this.#problem = { reason: outcome.reason, by: outcome.by, text: outcome.text };
        return this.#later(isTwin(outcome) ? TWIN_MS : undefined);
      case 'failed':
        this.#problem = { reason: 'failed', text: outcome.detail };
        return this.#later();
      case 'attached':
        return this.#later();
      default:
        return never(outcome);
    }
  }

  #handOver(link: PeerLink): boolean {
    this.#name = link.peer.name;
    const argument = ownership(link, this.#target.address);
    const delivery = this.#context.whereis(PEERS)?.cast({ kind: 'start_child', argument });
    if (delivery === 'accepted') return true;
    link.close('failed', 'nobody owns the link');
    return false;
  }

  /** The peer says that there is a link: wait for its end if that is what we see, too. */
  #dialOrWait(): void {
    const link = this.#name === undefined ? undefined : this.#parts.network.linkTo(this.#name);
    if (link !== undefined) this.#waitFor(link);
    else this.#later(STALE_MS);
  }

  #waitFor(link: PeerLink): void {
    this.#linkedAt = this.#context.clock.now();
    this.#isStranger = false;
    this.#problem = undefined;
    this.#show('up');
    let undo = (): void => {};
    const disown = this.#context.own({ close: () => undo() });
    // At once, if the link is down already.
    undo = link.onEnd(() => {
      disown();
      this.#context.self.cast({ kind: 'link_ended' });
    });
  }

  #later(atMostMs = Infinity): void {
    this.#show('down');
    this.#context.after(Math.min(atMostMs, this.#nextWait()), { kind: 'dial' });
  }

  #nextWait(): number {
    const { random } = this.#context;
    return this.#isStranger ? this.#backOff.nextPatient(random) : this.#backOff.next(random);
  }

  #end(): void {
    this.#parts.board.markOwn(this.#target.id);
    this.#context.exit(NORMAL);
  }

  #show(state: 'dialling' | 'up' | 'down'): void {
    const { id, address } = this.#target;
    const problem = this.#problem;
    this.#parts.board.set(id, { address, name: this.#name, state, problem });
  }
}

function isTwin({ by, reason }: DialOutcome & { kind: 'refused' }): boolean {
  return by === 'peer' && (reason === 'same_name' || reason === 'stale_incarnation');
}

function never(value: never): never {
  throw new Error(`unexpected message ${JSON.stringify(value)}`);
}
