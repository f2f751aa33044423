/** The registry alone: gaps, snapshots, lives, comparisons, and peers that lie. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Entry, RegistryEvent } from '../../../actors/registry/api.ts';
import type { RegistryConfig } from '../../../actors/registry/config.ts';
import { DEFAULT_REGISTRY_CONFIG } from '../../../actors/registry/config.ts';
import type { RegistryWire } from '../../../actors/registry/messages.ts';
import { parse, plain } from '../../../actors/registry/messages.ts';
import { OwnerLog } from '../../../actors/registry/owner-log.ts';
import type { RegistryPort } from '../../../actors/registry/registry.ts';
import { Registry } from '../../../actors/registry/registry.ts';
import type { OwnRealm, Peer } from '../../../actors/registry/tables.ts';
import type { NodeId } from '../../../runtime/causality/identity.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import { encodeBody } from '../../../runtime/net/peer/codec.ts';

const A: NodeId = { name: 'a', incarnation: 1 };
const B: NodeId = { name: 'b', incarnation: 1 };
const C: NodeId = { name: 'c', incarnation: 1 };

const interest = (uri: string): Entry => ({
  kind: 'interest',
  realm: 'realm1',
  uri,
  match: 'exact',
  created: 1,
});

class Solo implements RegistryPort {
  readonly sent: { to: string; message: RegistryWire }[] = [];
  readonly broadcasts: RegistryWire[] = [];
  readonly told: RegistryEvent[] = [];
  readonly counts = new Map<string, number>();
  readonly registry: Registry;
  links: readonly NodeId[] = [B, C];
  now = 0;

  constructor(config: Partial<RegistryConfig> = {}) {
    const all = { ...DEFAULT_REGISTRY_CONFIG, ...config };
    const rows = {
      own: new OwnerLog(A, all.keptChanges),
      flushed: { sequence: 0 },
      peers: new Map<string, Peer>(),
      realms: new Map<string, OwnRealm>(),
    };
    this.registry = new Registry(rows, all, this, seededRandom(1), 0);
    this.registry.attach('realm1', { admit: ({ event }) => this.told.push(event) }, [], 1);
    this.registry.nodeUp(B);
    this.registry.nodeUp(C);
    this.take();
  }

  take(): { to: string; message: RegistryWire }[] {
    this.told.length = 0;
    return this.sent.splice(0);
  }

  /** Uris of entries that came, and ids of those that went. */
  news(): (string | number)[] {
    return this.told
      .splice(0)
      .flatMap((event) =>
        event.kind === 'rows'
          ? [
              ...event.added.map(([, entry]) => ('uri' in entry ? entry.uri : entry.kind)),
              ...event.removed,
            ]
          : [],
      );
  }

  changes(first: number, ...uris: (string | number)[]): void {
    const changes = uris.map((each) =>
      typeof each === 'number'
        ? ({ kind: 'remove', id: each } as const)
        : ({ kind: 'add', entry: interest(each) } as const),
    );
    this.registry.receive(B, { kind: 'changes', owner: B, first, changes }, this.now);
  }

  tick(ms: number): void {
    this.now += ms;
    this.registry.tick(this.now);
  }

  broadcast(message: RegistryWire): void {
    this.broadcasts.push(message);
  }
  send(to: string, message: RegistryWire): void {
    this.sent.push({ to, message });
  }
  connected(): readonly NodeId[] {
    return this.links;
  }
  tell(listener: OwnRealm['listener'], event: RegistryEvent): void {
    listener.admit({ kind: 'registry', event });
  }
  observe(): void {}
  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }
}

describe('changes of another node', () => {
  it('are applied in their order, once each, and acknowledged together', () => {
    const solo = new Solo();
    solo.changes(1, 'one', 'two');
    solo.changes(2, 'two', 'three'); // overlaps
    solo.changes(4, 1);
    assert.deepEqual(solo.news(), ['one', 'two', 'three', 1]);
    solo.registry.flush();
    assert.deepEqual(solo.take(), [
      { to: 'b', message: { kind: 'ack', incarnation: 1, sequence: 4 } },
    ]);
  });

  it('that came before their turn wait, and what is missing is asked for', () => {
    const solo = new Solo();
    solo.changes(2, 'two');
    assert.deepEqual(solo.news(), []);
    solo.tick(19);
    assert.deepEqual(solo.take(), []);
    solo.tick(1);
    assert.deepEqual(solo.take(), [{ to: 'b', message: { kind: 'fetch', owner: B, after: 0 } }]);
    solo.changes(1, 'one');
    assert.deepEqual(solo.news(), ['one', 'two']);
  });

  it('are asked of somebody else when there is no link to their owner', () => {
    const solo = new Solo();
    solo.links = [C];
    solo.changes(3, 'three');
    solo.tick(20);
    assert.deepEqual(
      solo.take().map(({ to }) => to),
      ['c'],
    );
  });

  it('of a life that is over, or not up yet, are not taken', () => {
    const solo = new Solo();
    const changes = [{ kind: 'add', entry: interest('x') } as const];
    for (const incarnation of [0, 2]) {
      const owner = { name: 'b', incarnation };
      solo.registry.receive(B, { kind: 'changes', owner, first: 1, changes }, 0);
    }
    assert.deepEqual(solo.news(), []);
  });

  it('of a new life replace those of the old one whole', () => {
    const solo = new Solo();
    solo.changes(1, 'one');
    solo.told.length = 0;
    solo.registry.nodeUp({ name: 'b', incarnation: 2 });
    assert.deepEqual(
      solo.told.map((event) => (event.kind === 'node' ? [event.node.incarnation, event.state] : 0)),
      [
        [1, 'gone'],
        [2, 'up'],
      ],
    );
  });
});

describe('a node that is down', () => {
  it('is kept for the grace period, and a flap moves nothing', () => {
    const solo = new Solo();
    solo.changes(1, 'one');
    solo.registry.nodeDown(B, 0);
    solo.tick(4_999);
    solo.registry.nodeUp(B);
    solo.tick(10_000);
    const states = solo.told.flatMap((event) => (event.kind === 'node' ? [event.state] : []));
    assert.deepEqual(states, ['down', 'up']);
  });

  it('is forgotten after it', () => {
    const solo = new Solo();
    solo.changes(1, 'one');
    solo.registry.nodeDown(B, 0);
    solo.tick(5_000);
    assert.equal(solo.registry.info().owners.length, 1);
    assert.deepEqual(solo.told.at(-1), { kind: 'node', node: B, state: 'gone' });
  });
});

describe('a peer that lacks something', () => {
  const filled = (config: Partial<RegistryConfig> = {}): Solo => {
    const solo = new Solo(config);
    for (let i = 1; i <= 100; i++) {
      solo.registry.change(
        'realm1',
        [{ kind: 'add', key: `${i}`, entry: interest(`${i}`) }],
        i + 1,
      );
    }
    return solo;
  };

  it('gets the changes, while they are kept', () => {
    const solo = filled({ batch: 30 });
    solo.registry.receive(B, { kind: 'fetch', owner: A, after: 50 }, 0);
    assert.deepEqual(
      solo.take().map(({ message }) => message.kind === 'changes' && message.first),
      [51, 81],
    );
  });

  it('gets all entries in pages when they are not', () => {
    const solo = filled({ keptChanges: 10, batch: 30 });
    const other = new Solo();
    solo.registry.receive(B, { kind: 'fetch', owner: A, after: 0 }, 0);
    const pages = solo.take();
    assert.equal(pages.length, 4);
    other.registry.nodeUp({ name: 'z', incarnation: 1 });
    other.told.length = 0;
    for (const { message } of pages) {
      assert(message.kind === 'snapshot');
      const asOfZ = { ...message, owner: { name: 'z', incarnation: 1 } };
      other.registry.receive(B, asOfZ, 0);
    }
    assert.equal(other.news().length, 100);
  });

  it('is found by comparing, and only it is sent something', () => {
    const solo = filled();
    const digest = (sequence: number): RegistryWire => ({
      kind: 'digest',
      owners: [{ owner: A, sequence }],
      isAnswer: false,
    });
    solo.registry.receive(B, digest(100), 0);
    assert.deepEqual(solo.take(), []);
    solo.registry.receive(B, digest(7), 0);
    assert.deepEqual(
      solo.take().map(({ message }) => message.kind),
      ['digest'],
    );
  });

  it('has everything only when every node that is up does', () => {
    const solo = new Solo();
    const tokens = (): number[] =>
      solo.told.splice(0).flatMap((event) => (event.kind === 'applied' ? [event.token] : []));
    solo.registry.change('realm1', [{ kind: 'add', key: 'k', entry: interest('k') }], 2);
    solo.registry.receive(B, { kind: 'ack', incarnation: 1, sequence: 1 }, 0);
    assert.deepEqual(tokens(), []);
    solo.registry.nodeSuspect(C);
    assert.deepEqual(tokens(), [2]);
  });
});

describe('a peer that lies', () => {
  it('about more entries than a node may have is not believed', () => {
    const solo = new Solo({ maxEntriesPerNode: 3 });
    solo.changes(1, 'a', 'b', 'c', 'd');
    assert.deepEqual(solo.news(), []);
    assert.equal(solo.counts.get('registry_refused'), 1);
  });

  it('with pages out of order or ids of the future changes nothing', () => {
    const solo = new Solo();
    const page = { kind: 'snapshot', owner: B, sequence: 5, total: 2 } as const;
    solo.registry.receive(B, { ...page, offset: 1, rows: [[1, interest('x')]] }, 0);
    solo.registry.receive(B, { ...page, offset: 0, rows: [[9, interest('x')]] }, 0);
    assert.deepEqual(solo.news(), []);
  });

  it('with acknowledgements of what never was is not heard', () => {
    const solo = new Solo();
    solo.registry.receive(B, { kind: 'ack', incarnation: 1, sequence: 99 }, 0);
    assert.equal(solo.registry.info().owners[0]?.acked, 0);
  });

  it('in any bytes is refused or understood, never more', () => {
    const entry: Entry = {
      kind: 'registration',
      realm: 'r',
      uri: 'com.x',
      match: 'prefix',
      invoke: 'single',
      session: 2 ** 53,
      registration: 4,
      concurrency: 1,
      discloseCaller: true,
      forwardTimeout: false,
      features: ['call_canceling'],
      stamp: 1n << 62n,
      isForced: false,
      created: 1_700_000_000_000,
    };
    const samples: RegistryWire[] = [
      {
        kind: 'changes',
        owner: A,
        first: 3,
        changes: [
          { kind: 'add', entry },
          { kind: 'remove', id: 1 },
        ],
      },
      { kind: 'snapshot', owner: A, sequence: 9, offset: 0, total: 1, rows: [[4, entry]] },
      { kind: 'fetch', owner: A, after: 0 },
      { kind: 'digest', owners: [{ owner: A, sequence: 1 }], isAnswer: true },
      { kind: 'ack', incarnation: 1, sequence: 1 },
    ];
    for (const sample of samples) assert.deepEqual(parse(encodeBody(plain(sample))), sample);
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.nat(),
        fc.nat({ max: 255 }),
        (sample, at, value) => {
          const bytes = encodeBody(plain(sample));
          bytes[at % bytes.length] = value;
          const message = parse(bytes);
          if (message) encodeBody(plain(message));
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
