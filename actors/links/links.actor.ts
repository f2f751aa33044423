/** The manager of links: whom to dial, whom to leave, and what is to be seen of it. */
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import { CHANNELS } from '../../runtime/net/peer/protocol.ts';
import type { PeerLink } from '../../runtime/net/peer/link.ts';
import type { PeerSwitch } from '../../runtime/net/peer/switch.ts';
import { DIALLERS, LINKS } from './api.ts';
import type { LinkInfo, LinksMessage, PeerAddress } from './api.ts';
import type { LinksConfig } from './config.ts';
import type { DialBoard } from './dial-board.ts';
import { targetId } from './dial-board.ts';

export interface LinksParts {
  readonly config: LinksConfig;
  readonly network: PeerSwitch;
  readonly board: DialBoard;
  count(counter: string): void;
}

type Message = LinksMessage | { readonly kind: 'tick' };

const TICK_MS = 250;
const NOWHERE: PeerAddress = { host: '', port: 0 };

export function linksManager(parts: LinksParts): Definition<Message> {
  return { class: 'control', init: (context) => new LinksManager(parts, context) };
}

class LinksManager implements Handlers<Message> {
  readonly #parts: LinksParts;
  readonly #context: Context<Message>;

  constructor(parts: LinksParts, context: Context<Message>) {
    this.#parts = parts;
    this.#context = context;
    context.register(LINKS);
    this.#tick();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'connect':
        return this.#connect(message.address, message.name);
      case 'disconnect':
        return this.#disconnect(message.name);
      case 'forget':
        return this.#forget(message.address);
      case 'info':
        return message.reply.reply(this.#info());
      case 'is_own':
        return message.reply.reply(this.#parts.board.isOwn(targetId(message.address)));
      case 'tick':
        return this.#tick();
      default:
        return never(message);
    }
  }

  #connect(address: PeerAddress, name: string | undefined): void {
    const { board, network, config } = this.#parts;
    const id = targetId(address);
    if (board.has(id) || board.isOwn(id) || name === network.self.name) return;
    if (board.size >= config.maxTargets) return this.#parts.count('peer_targets_refused');
    const argument = { id, address, name };
    const delivery = this.#context.whereis(DIALLERS)?.cast({ kind: 'start_child', argument });
    if (delivery !== 'accepted') this.#parts.count('peer_targets_refused');
  }

  #disconnect(name: string): void {
    const { board, network } = this.#parts;
    for (const id of board.idsOf(name)) {
      this.#context.whereis(DIALLERS)?.cast({ kind: 'terminate_child', id });
    }
    network.linkTo(name)?.close('disconnected', 'this node wants no link');
  }

  #forget(address: PeerAddress): void {
    const id = targetId(address);
    if (this.#parts.board.isLinked(id)) return;
    this.#context.whereis(DIALLERS)?.cast({ kind: 'terminate_child', id });
  }

  /** Links first, then those who are dialled and have none. */
  #info(): readonly LinkInfo[] {
    const { board, network } = this.#parts;
    const rows = [...board.entries()].map(([, row]) => row);
    const addresses = new Map(rows.map(({ name, address }) => [name, address]));
    const linked = network.links().map((link) => linkInfo(link, addresses.get(link.peer.name)));
    const waiting = rows.filter(
      ({ name }) => name === undefined || network.linkTo(name) === undefined,
    );
    return [
      ...linked,
      ...waiting.map(({ address, state, problem }) => ({
        peer: undefined,
        address,
        state: state === 'up' ? ('down' as const) : state, // its link has just ended
        rttMs: undefined,
        problem,
        channels: [],
      })),
    ];
  }

  #tick(): void {
    this.#parts.network.tick();
    this.#context.after(TICK_MS, { kind: 'tick' });
  }
}

function linkInfo(link: PeerLink, address: PeerAddress | undefined): LinkInfo {
  return {
    peer: link.peer,
    address: address ?? NOWHERE,
    state: link.state === 'opening' ? 'shaking_hands' : link.state,
    rttMs: link.rttMs,
    channels: CHANNELS.map((name) => {
      const { connections, queuedBytes, sentBytes, receivedBytes } = link.channels[name];
      return { channel: name, connections, queuedBytes, sentBytes, receivedBytes };
    }),
  };
}

function never(value: never): never {
  throw new Error(`unexpected message ${JSON.stringify(value)}`);
}
