/** What must be true when a mixed run has come to rest, and how long it took; each claim throws its own sentence. */
import type { RegistryInfo } from '../../actors/registry/api.ts';
import { patternId } from '../../actors/routing/cluster/pattern-ids.ts';
import type { Sibling } from '../../runtime/causality/row.ts';
import { siblings } from '../../runtime/causality/row.ts';
import { decodeRow } from '../../runtime/causality/row-codec.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { Id, Value } from '../../runtime/wamp/message.ts';
import { ERROR, EVENT, RESULT } from '../../runtime/wamp/message.ts';
import type { Client } from './client.ts';
import type { Mixed } from './mixed.ts';
import { EXCHANGE_MS, KEYS, PREFIXES } from './mixed.ts';
import type { Life, SimNode } from './node.ts';
import { URIS } from './sessions.ts';
import { dump } from './store-tree.ts';

export interface MixedFigures {
  readonly writes: number;
  readonly acknowledged: number;
  readonly present: number;
  readonly overwritten: number;
  readonly outvoted: number;
  readonly unclear: number;
  readonly excused: number;
  readonly sessions: number;
  /** From the calm until every node had a link to every other and counted it as up. */
  readonly wholeMs: number;
  /** From then until all replicas had the same versions of everything, and all registries the same entries. */
  readonly convergedMs: number;
  /** From then until the replicas were the same bytes: what all have seen deleted is forgotten. */
  readonly identicalMs: number;
  readonly messages: number;
  readonly trace: string;
}

/** 'r' as hexadecimal: keys of rows. */
const ROW = '72';
/**
 * Byte identity needs more than equal versions: that all have forgotten the same tombstones. A hole that a dead life left in
 * the clocks closes when a node has compared with each of the four others since (four exchange periods at least, and
 * rounds are shuffled), and what then is stable is told with the next report, one period later.
 */
const FORGOTTEN_MS = 6 * EXCHANGE_MS;
/** Time for anything to go wrong again. */
const REST_MS = 20_000;

/** A whole run of scenario 25; throws what is wrong. */
export function play(mixed: Mixed): MixedFigures {
  mixed.rage();
  mixed.calm();
  const wholeMs = mixed.waitWhole();
  const isEqual = (): boolean => areRegistriesEqual(mixed) && haveEqualVersions(mixed);
  const convergedMs = mixed.wait(isEqual, 2 * EXCHANGE_MS, 'replicas or registries differ', 250);
  judge(mixed);
  const identicalMs = mixed.wait(
    () => areReplicasEqual(mixed),
    FORGOTTEN_MS,
    'replicas have other bytes',
    50,
  );
  mixed.world.advance(REST_MS);
  // The next tombstone may have become stable meanwhile, which the nodes notice one after the other.
  mixed.wait(() => areReplicasEqual(mixed), EXCHANGE_MS, 'replicas have other bytes again', 50);
  const judged = judge(mixed);
  checkBytes(mixed);
  checkCalls(mixed);
  checkCallees(mixed);
  checkEvents(mixed);
  checkCrashes(mixed);
  const { history, sessions, transport } = mixed;
  return {
    writes: history.attempts.length,
    acknowledged: history.acknowledged,
    ...judged,
    excused: history.attempts.filter(({ isExcused }) => isExcused).length,
    sessions: sessions.clients.size,
    ...{ wholeMs, convergedMs, identicalMs },
    messages: transport.trace.events,
    trace: transport.trace.digest,
  };
}

function areReplicasEqual({ nodes }: Mixed): boolean {
  if (!nodes.every(({ life }) => life.state.isReady)) return false;
  return new Set(nodes.map(rootsOf)).size === 1;
}

/** The same values with the same dots; a tombstone all have seen may be forgotten here and not yet there. */
function haveEqualVersions(mixed: Mixed): boolean {
  if (areReplicasEqual(mixed)) return true;
  if (!mixed.nodes.every(({ life }) => life.state.isReady)) return false;
  return new Set(mixed.nodes.map((node) => versionsOf(mixed, node))).size === 1;
}

function versionsOf(mixed: Mixed, { life }: SimNode): string {
  const lines: string[] = [];
  for (const line of dumpOf(mixed, life).split('\n')) {
    const [key, value] = line.split('=');
    if (key?.startsWith(ROW) !== true || value === undefined) continue;
    const row = decodeRow(Buffer.from(value, 'hex'));
    if (row instanceof Malformed) throw new Error(`${life.id.name}: ${row.reason}`);
    const alive = siblings(row).filter(({ version }) => version.value !== undefined);
    if (alive.length > 0) lines.push(`${key} ${alive.map(textOfSibling).join()}`);
  }
  return lines.join('\n');
}

function textOfSibling({ actor, sequence, version: { stamp, value } }: Sibling): string {
  return `${actor} ${sequence} ${stamp} ${Buffer.from(value ?? []).toString('hex')}`;
}

function dumpOf(mixed: Mixed, life: Life): string {
  return dump(life.storages, life.state.partitions.length, (isOver) => {
    mixed.wait(isOver, 5_000, 'no scan');
  });
}

function rootsOf({ life }: SimNode): string {
  return life.state.partitions
    .map(({ hashtree }) => Buffer.from(hashtree.tree.root.hash).toString('hex'))
    .join();
}

/** Every registry has of every other node what that node has of itself. */
function areRegistriesEqual(mixed: Mixed): boolean {
  const infos = mixed.nodes.map((node) => registryOf(mixed, node));
  const truth = new Map(infos.map(({ self }) => [self.node.name, self]));
  return infos.every(({ owners }) => {
    if (owners.length !== mixed.nodes.length - 1) return false;
    return owners.every(({ node, digest, sequence, entries, state }) => {
      const own = truth.get(node.name);
      const isSame = own?.digest === digest && own.sequence === sequence && own.entries === entries;
      return isSame && state === 'up' && own.node.incarnation === node.incarnation;
    });
  });
}

function registryOf(mixed: Mixed, node: SimNode): RegistryInfo {
  let info: RegistryInfo | undefined;
  node.life.routing.ask((told) => (info = told));
  mixed.world.run();
  if (info === undefined) throw new Error(`the registry of ${node.name} does not answer`);
  return info;
}

function judge(mixed: Mixed): {
  readonly present: number;
  readonly overwritten: number;
  readonly outvoted: number;
  readonly unclear: number;
} {
  const sum = { present: 0, overwritten: 0, outvoted: 0, unclear: 0 };
  for (const { name: prefix, resolver } of PREFIXES) {
    for (const key of KEYS) {
      const [first] = mixed.nodes.map((node) => mixed.read(node, prefix, key));
      const judged = mixed.history.judge(prefix, key, first!, resolver !== undefined);
      for (const what of Object.keys(sum) as (keyof typeof sum)[]) sum[what] += judged[what];
    }
  }
  return sum;
}

function checkBytes(mixed: Mixed): void {
  mixed.world.advance(50);
  const dumps = mixed.nodes.map(({ life }) => dumpOf(mixed, life));
  dumps.forEach((bytes, i) => {
    if (bytes !== dumps[0]) throw new Error(`${mixed.nodes[i]!.name} has other bytes than n0`);
  });
}

function checkCalls({ sessions }: Mixed): void {
  for (const { client, request } of sessions.calls) {
    if (!sessions.clients.has(client)) continue;
    const answers = client.received.filter(
      (message) =>
        (message.type === RESULT && message.request === request) ||
        (message.type === ERROR && message.requestType === 48 && message.request === request),
    );
    if (answers.length === 1) continue;
    throw new Error(`call ${request} of ${client.id} has ${answers.length} answers`);
  }
}

/** Every node lists the callees that were told so, and no others. */
function checkCallees(mixed: Mixed): void {
  const { sessions, nodes } = mixed;
  for (const uri of URIS) {
    for (const node of nodes) {
      const asker = sessions.join(node);
      const [id] = ask(mixed, asker, 'wamp.registration.lookup', uri);
      const [list] = id === null ? [[]] : ask(mixed, asker, 'wamp.registration.list_callees', id!);
      asker.leave();
      const expected = [...sessions.clients]
        .filter(({ registrations }) => registrations.has(id as Id))
        .map((client) => client.id);
      const [listed, live] = [textOf(list as Id[]), textOf(expected)];
      if (listed !== live) throw new Error(`${node.name} lists ${listed} for ${uri}, not ${live}`);
    }
  }
}

/** What is published anywhere reaches each subscriber once. */
function checkEvents(mixed: Mixed): void {
  const { sessions, nodes } = mixed;
  for (const uri of URIS) {
    const id = patternId('exact', uri, () => false);
    for (const node of nodes) {
      for (const client of sessions.clients) client.take();
      const publisher = sessions.join(node);
      publisher.publish(uri, [uri]);
      mixed.world.advance(50);
      publisher.leave();
      for (const client of sessions.clients) {
        const events = client.take().filter(({ type }) => type === EVENT).length;
        const wanted = client.subscriptions.has(id) ? 1 : 0;
        if (events !== wanted) throw new Error(`${client.id} got ${events} events of ${uri}`);
      }
    }
  }
}

function checkCrashes({ nodes }: Mixed): void {
  const [crash] = nodes.flatMap(({ crashes }) => crashes);
  if (crash !== undefined) throw new Error(`an actor crashed: ${crash}`);
}

function ask(mixed: Mixed, asker: Client, procedure: string, arg: Value): readonly Value[] {
  asker.call(procedure, [arg]);
  mixed.world.advance(30);
  const answer = asker.take().find(({ type }) => type === RESULT);
  if (answer?.type !== RESULT) throw new Error(`${procedure} on ${asker.node.id.name}: no result`);
  return asker.argsOf(answer.payload);
}

function textOf(ids: readonly Id[]): string {
  return [...ids].sort((a, b) => a - b).join() || 'nobody';
}
