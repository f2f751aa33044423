/**
 * How the cores of a router are put together: who is given what, each after what it needs. Nothing is decided or said
 * here: the router takes over from the one before it when all are there.
 */
import type { Context } from '../../runtime/kernel/actor.ts';
import type { Id } from '../../runtime/wamp/message.ts';
import type { Member, RouterInput } from './api.ts';
import { Broker } from './broker/broker.ts';
import { assemble } from './cluster/assembly.ts';
import type { Assembly } from './cluster/assembly.ts';
import type { Cluster } from './cluster/cluster.ts';
import { Dealer } from './dealer/dealer.ts';
import type { RoutingEffects } from './effects.ts';
import { Farewells } from './farewells.ts';
import type { FollowUps } from './follow-ups.ts';
import { Managing } from './managing.ts';
import { metaTable } from './meta.ts';
import { Replication } from './replicated/replication.ts';
import { reviewing } from './reviewing.ts';
import type { Reviewing } from './reviewing.ts';
import type { RouterDependencies } from './router-dependencies.ts';
import { sessionProcedures } from './session-meta.ts';
import { tokenProcedures } from './session-token.ts';
import type { RealmRows } from './tables.ts';

/** The process the cores are in. */
export interface RouterHost {
  readonly context: Context<RouterInput>;
  readonly rows: RealmRows;
  readonly effects: RoutingEffects;
  readonly followUps: FollowUps;
  readonly isMember: (member: Member) => boolean;
  readonly giveUpLater: (question: Id) => void;
}

export interface RouterParts {
  readonly broker: Broker;
  readonly dealer: Dealer;
  readonly replication: Replication;
  readonly managing: Managing;
  readonly reviewing: Reviewing;
  /** Undefined: there are no other nodes. */
  readonly cluster: Cluster | undefined;
  readonly farewells: Farewells | undefined;
  /** It stands for a caller on another node. */
  readonly isProxy: (member: Member) => boolean;
}

export function assembleRouter(dependencies: RouterDependencies, host: RouterHost): RouterParts {
  const { authorizer, uriRule, codecs, mailbox } = dependencies;
  const { context, rows, effects } = host;
  const shared = { ...rows, effects, random: context.random, authorizer, uriRule };
  const managing = managingOf(dependencies, host);
  const clustered = clusteredOf(dependencies, host, managing);
  const farewells = clustered && farewellsOf(dependencies, host, clustered);
  const replication = new Replication({
    stored: dependencies.stored,
    rows,
    config: dependencies.broker.acknowledgements,
    now: () => context.clock.now(),
    count: (counter) => dependencies.count(counter),
  });
  const broker = new Broker({
    ...shared,
    config: dependencies.broker,
    codecs,
    cluster: clustered?.broker,
    witnesses: farewells?.witnesses,
    departures: farewells?.departures,
    ...replication.broker,
  });
  const procedures = new Map([
    ...metaTable(
      sessionProcedures({
        ...{ members: rows.members, effects, uriRule },
        node: dependencies.stored?.node,
      }),
    ),
    ...metaTable(tokenProcedures(dependencies.issueToken)),
    ...broker.procedures(),
  ]);
  const dealer = new Dealer({
    ...shared,
    config: dependencies.dealer,
    procedures,
    managed: managing.calls,
    cluster: clustered?.dealer(procedures),
  });
  return {
    broker,
    dealer,
    replication,
    managing,
    reviewing: reviewing(rows.members, authorizer, { broker, dealer }, () =>
      mailbox.admit({ kind: 'review', isNext: true }),
    ),
    cluster: clustered?.join(dealer, broker),
    farewells,
    isProxy: (member) => clustered?.peers.isProxy(member) ?? false,
  };
}

function managingOf({ management, codecs }: RouterDependencies, host: RouterHost): Managing {
  const { context, rows, effects, isMember } = host;
  return new Managing({
    link: management,
    context,
    rows: rows.managedCalls,
    asked: rows.asked,
    effects,
    codec: codecs.cbor,
    isMember,
  });
}

/** For a realm that is on many nodes. */
function clusteredOf(
  { cluster, codecs, mailbox }: RouterDependencies,
  { context, rows, effects, followUps, isMember, giveUpLater }: RouterHost,
  managing: Managing,
): Assembly | undefined {
  if (!cluster) return undefined;
  return assemble({
    port: cluster,
    rows,
    codecs,
    effects,
    listener: mailbox,
    now: context.clock.wall(),
    isMember: (member) => isMember(member) || managing.isAsker(member),
    followUp: () => {
      if (!followUps.isEmpty) followUps.run();
    },
    giveUpLater,
  });
}

function farewellsOf(
  { cluster, codecs }: RouterDependencies,
  { rows, followUps }: RouterHost,
  { broker }: Assembly,
): Farewells {
  return new Farewells({
    realm: cluster!.realm,
    rows,
    interests: broker.interests,
    codecs,
    announceHere: (topic, args) => followUps.announceHere(topic, args),
  });
}
