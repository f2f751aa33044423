/** The port other nodes connect to. */
import type { Definition } from '../../runtime/kernel/actor.ts';
import type { Gate } from '../../runtime/net/peer/gate.ts';
import { isLoopback } from '../../runtime/net/peer/gate.ts';
import { LINK_LISTENER, PEERS } from './api.ts';
import type { LinkListenerMessage, PeerAddress } from './api.ts';
import type { LinksConfig } from './config.ts';
import { linkMistakes } from './config.ts';
import { ownership } from './ownership.ts';

type Message =
  | LinkListenerMessage
  | { readonly kind: 'listening'; readonly address: PeerAddress }
  | { readonly kind: 'failed'; readonly error: Error & { readonly code?: string } };

export function linkListener(config: LinksConfig, gate: Gate): Definition<Message> {
  return {
    class: 'control',
    startsLater: true,
    init: (context) => {
      const [mistake] = linkMistakes(config, isLoopback(config.address));
      if (mistake !== undefined) throw new Error(mistake);
      let bound: PeerAddress = { host: config.address, port: config.port };
      context.register(LINK_LISTENER);
      context.own(
        gate.listen(bound, {
          onListening: (address) => context.self.cast({ kind: 'listening', address }),
          onFailure: (error) => context.self.cast({ kind: 'failed', error }),
          onLink: (link) => {
            const argument = ownership(link, undefined);
            const delivery = context.whereis(PEERS)?.cast({ kind: 'start_child', argument });
            if (delivery !== 'accepted') link.close('failed', 'nobody owns the link');
          },
        }),
      );
      return {
        handle(message) {
          switch (message.kind) {
            case 'listening':
              bound = message.address;
              return context.ready();
            case 'failed':
              return context.exit({ kind: 'error', error: portError(config, message.error) });
            case 'address':
              return message.reply.reply(bound);
            default:
              return never(message);
          }
        },
      };
    },
  };
}

function portError(
  { address, port }: LinksConfig,
  error: Error & { readonly code?: string },
): Error {
  const why = error.code === 'EADDRINUSE' ? 'another program uses it' : error.message;
  return new Error(`cannot listen on ${address} port ${port}: ${why}; change cluster.port`);
}

function never(value: never): never {
  throw new Error(`unexpected message ${JSON.stringify(value)}`);
}
