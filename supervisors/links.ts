/** Connections to other nodes: one actor per link, one per node that is dialled, the port, and who keeps them in order. */
import { DIALLERS, PEERS } from '../actors/links/api.ts';
import type { DialTarget, LinkOwnership } from '../actors/links/api.ts';
import type { LinksConfig } from '../actors/links/config.ts';
import type { DialBoard } from '../actors/links/dial-board.ts';
import { dialler } from '../actors/links/dialler.actor.ts';
import { linkOwner } from '../actors/links/link.actor.ts';
import { linksManager } from '../actors/links/links.actor.ts';
import { linkListener } from '../actors/links/listener.actor.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import type { Gate } from '../runtime/net/peer/gate.ts';
import type { PeerSwitch } from '../runtime/net/peer/switch.ts';
import { COOLING } from './intensities.ts';

export interface LinksParts {
  readonly config: LinksConfig;
  readonly network: PeerSwitch;
  readonly gate: Gate;
  /** Each dialler takes its row away when it ends, so it may outlive them. */
  readonly board: DialBoard;
  count(counter: string): void;
}

/** The nodes to dial and their links outlive the manager and the port; a link that crashes is dialled anew. */
export function links(parts: LinksParts): ChildSpec {
  return {
    id: 'links',
    start: {
      kind: 'supervisor',
      strategy: 'one_for_one',
      onExhausted: COOLING,
      children: () => [
        peers(parts), // first: who has a link needs an owner for it
        diallers(parts),
        { id: 'manager', start: linksManager(parts) },
        { id: 'listener', start: linkListener(parts.config, parts.gate) },
      ],
    },
  };
}

/** Temporary: a socket that is gone does not come back by a restart. */
function peers(parts: LinksParts): ChildSpec {
  return {
    id: 'peers',
    start: {
      kind: 'supervisor',
      name: PEERS.name,
      strategy: 'simple_one_for_one',
      child: (argument: LinkOwnership) => ({
        id: argument.id,
        restart: 'temporary',
        start: linkOwner(parts, argument),
      }),
    },
  };
}

/** Transient: one that crashes dials again, one that has found itself has ended for good. */
function diallers(parts: LinksParts): ChildSpec {
  return {
    id: 'diallers',
    start: {
      kind: 'supervisor',
      name: DIALLERS.name,
      strategy: 'simple_one_for_one',
      onExhausted: COOLING,
      child: (target: DialTarget) => ({
        id: target.id,
        restart: 'transient',
        start: dialler(parts, target),
      }),
    },
  };
}
