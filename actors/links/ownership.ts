/** What the supervisor of links starts an owner with. */
import type { PeerLink } from '../../runtime/net/peer/link.ts';
import type { LinkOwnership, PeerAddress } from './api.ts';

export function ownership(link: PeerLink, address: PeerAddress | undefined): LinkOwnership {
  const { name, incarnation } = link.peer;
  return { id: `${name}#${incarnation}.${link.session.slice(0, 8)}`, link, address };
}
