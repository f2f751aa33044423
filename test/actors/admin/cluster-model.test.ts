/** What the page makes of two answers of `GET /cluster`: rates, sums, and who lags. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnabledCluster } from '../../../actors/admin/api.ts';
import type {
  ChannelStatus,
  ExchangeStatus,
  LinkStatus,
  MemberStatusRow,
} from '../../../actors/admin/cluster-status.ts';

/** The page is plain JavaScript, so this is what the test knows of it. */
interface Model {
  readonly isEnabled: boolean | undefined;
  apply(status: EnabledCluster | { readonly enabled: false }): void;
  channels(): readonly (ChannelStatus & { readonly rate: Rate; readonly isFirst: boolean })[];
  members(): readonly { readonly sinceMs: number | null; readonly queuedBytes: number | null }[];
  owners(): readonly { readonly behind: number | null; readonly held?: object }[];
  exchanges(): readonly { readonly agoMs: number }[];
  totals(): Readonly<Record<string, number>>;
}

type Rate = Pick<
  ChannelStatus,
  'sentBytes' | 'receivedBytes' | 'sentMessages' | 'receivedMessages'
>;

const page = new URL('../../../actors/admin/page/cluster-model.js', import.meta.url);
const { ClusterModel } = (await import(page.href)) as { ClusterModel: new () => Model };

const NOTHING: Rate = { sentBytes: 0, receivedBytes: 0, sentMessages: 0, receivedMessages: 0 };

function channel(fields: Partial<ChannelStatus> = {}): ChannelStatus {
  return {
    ...{ channel: 'relay', connections: 1, parallelism: 1, queuedBytes: 0, overloaded: 0 },
    ...NOTHING,
    ...fields,
  };
}

function link(peer: string, incarnation: number, ...channels: ChannelStatus[]): LinkStatus {
  const bulk = { bulkWindowBytes: 65_536, queueingMs: null };
  return { peer, incarnation, state: 'up', isDialler: true, rttMs: 1, ...bulk, channels };
}

function status(at: number, fields: Partial<EnabledCluster> = {}): EnabledCluster {
  return {
    enabled: true,
    at,
    node: {
      ...{ name: 'a', incarnation: 1, cluster: 'c', strategy: 'full_mesh', addresses: [] },
      ...{ state: 'up', out: null, rosterDigest: 'd', localHealth: 0 },
    },
    members: { total: 0, states: {}, list: [] },
    links: { total: 0, list: [] },
    dialling: [],
    broadcast: null,
    store: {
      ...{ engine: 'memory', health: { ok: true, why: [] }, exchanging: null },
      ...{ partitions: [], exchanges: [] },
    },
    registry: null,
    relay: { held: [] },
    ...fields,
  };
}

const linked = (at: number, ...list: LinkStatus[]): EnabledCluster =>
  status(at, { links: { total: list.length, list } });

function ratesOf(model: Model): readonly Rate[] {
  return model.channels().map(({ rate }) => rate);
}

test('before an answer nothing is known, and a node may have no cluster', () => {
  const model = new ClusterModel();
  assert.equal(model.isEnabled, undefined);
  model.apply({ enabled: false });
  assert.equal(model.isEnabled, false);
});

test('a rate is what was counted between two answers, over the time the node says', () => {
  const model = new ClusterModel();
  model.apply(linked(0, link('b', 1, channel({ sentBytes: 1_000, sentMessages: 10 }))));
  assert.deepEqual(ratesOf(model), [NOTHING]);
  const later = channel({ sentBytes: 3_000, sentMessages: 20, receivedBytes: 500 });
  model.apply(linked(2_000, link('b', 1, later)));
  const rate = { sentBytes: 1_000, receivedBytes: 250, sentMessages: 5, receivedMessages: 0 };
  assert.deepEqual(ratesOf(model), [rate]);
  model.apply(linked(2_300, link('b', 1, later))); // too soon: the rate stays
  assert.deepEqual(ratesOf(model), [rate]);
  model.apply(linked(3_300, link('b', 1, later)));
  assert.deepEqual(ratesOf(model), [NOTHING]);
});

test('a link made anew, and another life of the peer, have no rate yet', () => {
  const model = new ClusterModel();
  model.apply(linked(0, link('b', 1, channel({ sentBytes: 9_000 }))));
  model.apply(linked(1_000, link('b', 1, channel({ sentBytes: 100 }))));
  assert.deepEqual(ratesOf(model), [NOTHING]);
  model.apply(linked(2_000, link('b', 2, channel({ sentBytes: 50_000 }))));
  assert.deepEqual(ratesOf(model), [NOTHING]);
});

test('a clock that was set back does not make rates of the past', () => {
  const model = new ClusterModel();
  model.apply(linked(10_000, link('b', 1, channel({ sentBytes: 0 }))));
  model.apply(linked(5_000, link('b', 1, channel({ sentBytes: 1_000 }))));
  assert.deepEqual(ratesOf(model), [NOTHING]);
  model.apply(linked(6_000, link('b', 1, channel({ sentBytes: 3_000 }))));
  assert.equal(ratesOf(model)[0]!.sentBytes, 2_000);
});

test('totals count members that have not left, links that are up, and what waits', () => {
  const model = new ClusterModel();
  const two = [channel({ queuedBytes: 5 }), channel({ channel: 'store', queuedBytes: 7 })];
  model.apply(
    status(0, {
      members: { total: 4, states: { up: 2, down: 1, left: 1 }, list: [] },
      links: { total: 2, list: [link('b', 1, ...two), { ...link('c', 1), state: 'opening' }] },
    }),
  );
  const { members, up, links, queuedBytes } = model.totals();
  assert.deepEqual([members, up, links, queuedBytes], [3, 2, 1, 12]);
  assert.deepEqual(
    model.channels().map(({ isFirst }) => isFirst),
    [true, false],
  );
});

test('members tell how long, with what waits on their link; exchanges how long ago', () => {
  const model = new ClusterModel();
  const b: MemberStatusRow = {
    ...{ name: 'b', incarnation: 1, state: 'up', addresses: [], since: 4_000 },
    ...{ rttMs: 1, isSelf: false, isLinked: true },
  };
  const exchange: ExchangeStatus = {
    ...{ peer: 'b', outcome: 'equal', at: 9_000, comparedAt: 9_000 },
    ...{ sent: 0, received: 0, bytes: 0, roundTrips: 0 },
  };
  const known = status(10_000);
  model.apply({
    ...known,
    members: { total: 2, states: { up: 2 }, list: [b, { ...b, name: 'c', since: null }] },
    links: { total: 1, list: [link('b', 1, channel({ queuedBytes: 3 }))] },
    store: { ...known.store, exchanges: [exchange] },
  });
  const rows = model.members().map(({ sinceMs, queuedBytes }) => [sinceMs, queuedBytes]);
  assert.deepEqual(rows, [
    [6_000, 3],
    [null, null],
  ]);
  assert.equal(model.exchanges()[0]!.agoMs, 1_000);
});

test('an owner is behind by the changes of this node that it has not said to have', () => {
  const model = new ClusterModel();
  const owner = { incarnation: 1, state: 'up', entries: 1, digest: '0' } as const;
  const held = { node: 'b', messages: 2, bytes: 100 };
  model.apply(
    status(0, {
      registry: {
        owners: [
          { ...owner, node: 'a', sequence: 12, acked: null },
          { ...owner, node: 'b', sequence: 40, acked: 9 },
        ],
      },
      relay: { held: [held] },
    }),
  );
  const rows = model.owners().map((row) => [row.behind, row.held]);
  assert.deepEqual(rows, [
    [null, undefined],
    [3, held],
  ]);
  model.apply(status(1, { registry: null }));
  assert.deepEqual(model.owners(), []); // the registry is being restarted
});
