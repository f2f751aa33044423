/**
 * What a node needs to be one of many, made before its tree starts, over its store: the switch that sends to other nodes,
 * the gate that lets them in. Undefined for a node that is alone.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PeerAddress } from '../actors/links/api.ts';
import { peerService } from '../actors/links/api.ts';
import { DialBoard } from '../actors/links/dial-board.ts';
import type { LinkTlsConfig } from '../actors/links/config.ts';
import type { View } from '../actors/membership/api.ts';
import { MEMBERSHIP } from '../actors/membership/api.ts';
import type { HeldFor } from '../actors/relay/sender.ts';
import type { Clock } from '../runtime/kernel/actor.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';
import type { NetEnvironment } from '../runtime/net/environment.ts';
import { Gate } from '../runtime/net/peer/gate.ts';
import type { PeerTls } from '../runtime/net/peer/gate.ts';
import { PeerSwitch } from '../runtime/net/peer/switch.ts';
import type { DataDirectory } from '../runtime/disk/data-directory.ts';
import type { Continuity } from '../actors/sessions/api.ts';
import type { Causality } from './causality.ts';
import { causality } from './causality.ts';
import { continuity } from './continuity.ts';
import type { NodeConfig } from './config.ts';
import type { NodeStore } from './node-store.ts';
import type { RosterFile } from './roster-file.ts';
import { rosterFile } from './roster-file.ts';

export interface ClusterParts extends Pick<NodeStore, 'identity' | 'store'> {
  readonly directory: DataDirectory;
  readonly causality: Causality;
  /** Undefined: without a secret that all nodes have nobody could trust a token. */
  readonly continuity: Continuity | undefined;
  readonly network: PeerSwitch;
  readonly gate: Gate;
  /** Whom this node dials, and why that fails. */
  readonly board: DialBoard;
  /** Where others reach this node: with port 0 known only when the port is taken. */
  readonly addresses: readonly PeerAddress[];
  /** Who is known, for whoever is no actor; made anew when the cluster's supervisor starts. */
  readonly roster: { view: View | undefined };
  /** Of an overlay that does not link to every node: keeps a link to this one, made if need be, for some minutes. */
  readonly reach: ((name: string) => void) | undefined;
  /** What waits for other nodes, for whoever is no actor; set when the routers' supervisor starts. */
  readonly relay: { held: () => readonly HeldFor[] };
  readonly rosterFile: RosterFile;
  /** When what was to be written to the data directory is. */
  idle(): Promise<void>;
}

interface Sources {
  readonly clock: Clock;
  readonly net: NetEnvironment;
  kernel(): Kernel;
  onConnection(state: 'up' | 'down', peer: string): void;
}

/** Throws a sentence for the operator. */
export function clusterParts(
  config: NodeConfig,
  own: NodeStore,
  sources: Sources,
): ClusterParts | undefined {
  const { links, advertisedHost, advertisedPort } = config.cluster;
  if (!links.enabled) return undefined;
  const { identity, directory, store } = own;
  if (directory === undefined) throw new Error('a node of a cluster has a data directory');
  const { net, clock } = sources;
  const tls = links.tls && readTls(links.tls);
  const roster = rosterFile(directory, () => own.lost());
  const network = new PeerSwitch({
    self: { name: identity.name, incarnation: identity.incarnation },
    settings: links,
    clock,
    pool: net.pool,
    flushes: net.flushes,
    resolve: (service) => sources.kernel().whereis(peerService(service)),
    count: net.count,
    log: net.log,
    onConnection: (state, peer) => sources.onConnection(state, peer.name),
  });
  const gate = new Gate(
    {
      cluster: links.cluster,
      instance: randomBytes(16).toString('hex'),
      secret: links.secret,
      tls,
      settings: links,
      handshakeTimeoutMs: links.handshakeTimeoutMs,
      maxPending: links.maxPendingHandshakes,
      maxPendingPerAddress: links.maxPendingPerAddress,
    },
    { network, clock, count: net.count, log: net.log },
  );
  const causal = causality(store.state, {
    pullAfterMs: config.cluster.relay.causalPullMs,
    kernel: () => sources.kernel(),
    count: net.count,
  });
  const { membership, relay } = config.cluster;
  const reach = (name: string): void => {
    const contact = { kind: 'contact', name, forMs: relay.keptMs } as const;
    const told = sources.kernel().whereis(MEMBERSHIP)?.cast(contact);
    if (told !== 'accepted') net.count('membership_contacts_unheard');
  };
  return {
    identity,
    directory,
    store,
    causality: causal,
    continuity:
      links.secret === undefined ? undefined : continuity(links.secret, store.state, causal),
    network,
    gate,
    board: new DialBoard(),
    get addresses() {
      const port = advertisedPort ?? gate.port ?? links.port;
      return [{ host: advertisedHost ?? links.address, port }];
    },
    roster: { view: undefined },
    reach: membership.overlay === 'hyparview' ? reach : undefined,
    relay: { held: () => [] },
    rosterFile: roster,
    idle: () => roster.idle(),
  };
}

function readTls({ cert, key, ca, passphrase, mutual }: LinkTlsConfig): PeerTls {
  const read = (path: string, configKey: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`cluster.tls.${configKey}: ${why}`);
    }
  };
  return {
    cert: read(cert, 'certfile'),
    key: read(key, 'keyfile'),
    ca: read(ca, 'cacertfile'),
    passphrase,
    isMutual: mutual,
  };
}
