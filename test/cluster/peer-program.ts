/** What runs in the process of peer-process.ts. */
import { startPeer } from '../actors/links/peers.ts';
import type { PeerCommand } from './peer-process.ts';

const forNobody = { after: () => {} }; // it ends by a signal
const peer = await startPeer(forNobody, { name: process.argv[2]! });
process.on('message', ({ service }: PeerCommand) => process.send!(peer.words(service)));
process.on('disconnect', () => process.exit());
process.send!(peer.address);
