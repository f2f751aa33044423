/**
 * What a node needs to be one of many, made before its tree starts: a durable identity, the switch that sends to other
 * nodes, the gate that lets them in. Undefined for a node that is alone.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PeerAddress } from '../actors/links/api.ts';
import { peerService } from '../actors/links/api.ts';
import type { LinkTlsConfig } from '../actors/links/config.ts';
import type { View } from '../actors/membership/api.ts';
import type { PrefixSpec } from '../actors/store/api.ts';
import type { HeldFor } from '../actors/relay/sender.ts';
import { HISTORIES } from '../actors/routing/recorded/stored.ts';
import { RETAINED } from '../actors/routing/retained/stored.ts';
import type { Clock } from '../runtime/kernel/actor.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';
import type { Logger } from '../runtime/log/logger.ts';
import type { NetEnvironment } from '../runtime/net/environment.ts';
import { Gate } from '../runtime/net/peer/gate.ts';
import type { PeerTls } from '../runtime/net/peer/gate.ts';
import { PeerSwitch } from '../runtime/net/peer/switch.ts';
import type { DataDirectory } from '../runtime/disk/data-directory.ts';
import type { NodeIdentity } from '../runtime/disk/identity-file.ts';
import type { Disk } from '../runtime/disk/open-disk.ts';
import { openDisk } from '../runtime/disk/open-disk.ts';
import type { Continuity } from '../actors/sessions/api.ts';
import type { Causality } from './causality.ts';
import { causality } from './causality.ts';
import { continuity } from './continuity.ts';
import { otherCluster } from './cluster-record.ts';
import type { NodeConfig } from './config.ts';
import { makeOperatorToken } from './operator-token.ts';
import type { RosterFile } from './roster-file.ts';
import { rosterFile } from './roster-file.ts';
import type { StoreParts } from './store-parts.ts';
import { storeParts } from './store-parts.ts';

export interface ClusterParts {
  readonly identity: NodeIdentity;
  readonly directory: DataDirectory;
  readonly store: StoreParts;
  readonly causality: Causality;
  /** Undefined: without a secret that all nodes have nobody could trust a token. */
  readonly continuity: Continuity | undefined;
  /** Shown by an operator's commands. */
  readonly operatorToken: string;
  readonly network: PeerSwitch;
  readonly gate: Gate;
  /** Where others reach this node: with port 0 known only when the port is taken. */
  readonly addresses: readonly PeerAddress[];
  /** Who is known, for whoever is no actor; made anew when the cluster's supervisor starts. */
  readonly roster: { view: View | undefined };
  /** What waits for other nodes, for whoever is no actor; set when the routers' supervisor starts. */
  readonly relay: { held: () => readonly HeldFor[] };
  readonly rosterFile: RosterFile;
  /** Gives the data directory back, when what was to be written to it is. */
  release(): Promise<void>;
}

interface Sources {
  readonly clock: Clock;
  readonly log: Logger;
  readonly net: NetEnvironment;
  kernel(): Kernel;
  /** Families of rows beside those of the subsystems. */
  readonly prefixes: readonly PrefixSpec[];
}

/** Rejects with a sentence for the operator when this node cannot be durable, or not under this name. */
export async function clusterParts(
  config: NodeConfig,
  sources: Sources,
): Promise<ClusterParts | undefined> {
  const { links, advertisedHost, advertisedPort } = config.cluster;
  if (!links.enabled) return undefined;
  const { log, net, clock } = sources;
  const tls = links.tls && readTls(links.tls);
  const disk = await ownDisk(config, log);
  const { identity } = disk;
  const roster = rosterFile(disk.directory);
  const operatorToken = makeOperatorToken(disk.directory);
  const network = new PeerSwitch({
    self: { name: identity.name, incarnation: identity.incarnation },
    settings: links,
    clock,
    pool: net.pool,
    flushes: net.flushes,
    resolve: (service) => sources.kernel().whereis(peerService(service)),
    count: net.count,
    log: net.log,
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
  const prefixes = [RETAINED, ...HISTORIES, ...sources.prefixes];
  const store = storeParts(disk, config.store.store, links.cluster, prefixes);
  const causal = causality(store.state, { kernel: () => sources.kernel(), count: net.count });
  return {
    identity,
    directory: disk.directory,
    store,
    causality: causal,
    continuity:
      links.secret === undefined ? undefined : continuity(links.secret, store.state, causal),
    operatorToken,
    network,
    gate,
    get addresses() {
      const port = advertisedPort ?? gate.port ?? links.port;
      return [{ host: advertisedHost ?? links.address, port }];
    },
    roster: { view: undefined },
    relay: { held: () => [] },
    rosterFile: roster,
    release: async () => {
      await roster.idle();
      disk.release();
    },
  };
}

async function ownDisk({ node, store, cluster }: NodeConfig, log: Logger): Promise<Disk> {
  const path = store.dataDirectory;
  const opened = await openDisk({
    path,
    name: node.name,
    config: store.disk,
    partitions: store.store.partitions,
    sources: { uuid: randomUUID, firstIncarnation: () => Math.floor(Date.now() / 1000) },
  });
  if (opened.kind === 'refused') {
    throw new Error(`store.data_dir ${path}: ${opened.reason}. ${opened.advice}`);
  }
  const other = otherCluster(opened.disk.directory, cluster.links.cluster);
  if (other !== undefined) {
    opened.disk.release();
    throw new Error(`store.data_dir ${path}: ${other}`);
  }
  for (const note of opened.disk.notes) log.warn('data_directory', { path, note });
  return opened.disk;
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
