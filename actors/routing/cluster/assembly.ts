/** What dealer and broker of a realm that is on many nodes are given besides, and the core that joins them. */
import { nodeKey } from '../../../runtime/causality/identity.ts';
import type { Codec } from '../../../runtime/wamp/codec.ts';
import type { Id, SerializerId } from '../../../runtime/wamp/message.ts';
import type { Member, RouterInput } from '../api.ts';
import type { Broker, BrokerCluster } from '../broker/broker.ts';
import { Interests } from '../broker/interests.ts';
import { eventOf } from '../broker/relayed.ts';
import type { Dealer, DealerCluster } from '../dealer/dealer.ts';
import type { RoutingEffects } from '../effects.ts';
import type { MetaProcedures } from '../meta.ts';
import type { RealmRows } from '../tables.ts';
import { Cluster } from './cluster.ts';
import { Peers } from './peers.ts';
import type { ClusterPort } from './port.ts';
import { Questioner } from './questioner.ts';
import { Reports } from './reports.ts';

export interface AssemblyParts {
  readonly port: ClusterPort;
  readonly rows: RealmRows;
  readonly codecs: Readonly<Record<SerializerId, Codec>>;
  readonly effects: RoutingEffects;
  /** This realm's mailbox. */
  readonly listener: { admit(message: RouterInput): void };
  /** Wall clock, ms. */
  readonly now: number;
  isMember(member: Member): boolean;
  followUp(): void;
  giveUpLater(question: Id): void;
}

export interface Assembly {
  readonly peers: Peers;
  readonly broker: BrokerCluster;
  dealer(procedures: MetaProcedures): DealerCluster;
  join(dealer: Dealer, broker: Broker): Cluster;
}

/** Requests begin here, so that a realm that is opened anew repeats none: a million per second are caught up with. */
const REQUESTS_PER_MS = 1_024;

export function assemble(parts: AssemblyParts): Assembly {
  const { port, rows, codecs, effects } = parts;
  const { realm, relay, config } = port;
  const { reports: lastReport, requests } = rows.counters;
  requests.last = Math.max(requests.last, Math.floor(parts.now) * REQUESTS_PER_MS);
  const proxies = { realm, relay, codec: codecs.cbor, requests };
  const peers = new Peers(rows.peers, proxies);
  const reports = new Reports(lastReport);
  const interests = new Interests(realm, reports);
  let procedures: MetaProcedures = new Map();
  const questioner = new Questioner({
    port,
    peers,
    proxies,
    rows: rows.questions,
    requests,
    codecs,
    effects,
    procedures: () => procedures,
    isMember: parts.isMember,
    giveUpLater: parts.giveUpLater,
  });
  return {
    peers,
    broker: {
      interests,
      pending: rows.pendingSubscribes,
      publish: (nodes, publication) => relay.publish(nodes, eventOf(realm, publication)),
    },
    dealer: (own) => {
      procedures = own;
      return {
        realm,
        self: nodeKey(port.self),
        peers,
        reports,
        preferLocal: config.preferLocal,
        stamp: () => port.stamp(),
        ask: (member, message) => questioner.ask(member, message),
      };
    },
    join: (dealer, broker) =>
      new Cluster({
        port,
        peers,
        reports,
        interests,
        dealer,
        broker,
        questioner,
        effects,
        followUp: parts.followUp,
        listener: parts.listener,
      }),
  };
}
