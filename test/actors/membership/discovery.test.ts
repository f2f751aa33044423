import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PeerAddress } from '../../../actors/links/api.ts';
import type { DiscoveryConfig } from '../../../actors/membership/discovery-config.ts';
import { DISCOVERY_DEFAULTS, questionOf } from '../../../actors/membership/discovery-config.ts';
import { Discovery } from '../../../actors/membership/discovery.ts';
import type { Member } from '../../../actors/membership/member.ts';

const at = (host: string): PeerAddress => ({ host, port: 18_086 });
const DNS = { kind: 'dns', name: 'bondy.local', record: 'a', port: 18_086 } as const;

function member(name: string, more: Partial<Member> = {}): Member {
  const addresses = [at(name)];
  return {
    name,
    incarnation: 1,
    status: 'up',
    version: 1,
    addresses,
    beat: 1,
    health: 'alive',
    ...more,
  };
}

/** A discovery whose questions the test answers. */
function stage(config: Partial<DiscoveryConfig> = {}) {
  const done: string[] = [];
  const tickets: number[] = [];
  const world = { members: [] as Member[], linked: [] as PeerAddress[], done, tickets, now: 0 };
  const discovery = new Discovery({ ...DISCOVERY_DEFAULTS, sources: [DNS], ...config }, 0, {
    resolve: (_source, ticket) => tickets.push(ticket),
    join: ({ host }, isNew) => done.push(`${isNew ? 'join' : 'join again'} ${host}`),
    forget: ({ host }) => done.push(`forget ${host}`),
    remove: (name) => done.push(`remove ${name}`),
    isOwn: ({ host }) => host === 'me',
    members: () => world.members,
    linked: () => world.linked,
    count: (what) => done.push(what),
  });
  const advance = (ms: number): void => {
    for (const end = world.now + ms; world.now < end;) {
      world.now = Math.min(end, world.now + 500);
      discovery.tick(world.now);
    }
  };
  const answer = (...hosts: readonly string[]): readonly string[] => {
    done.length = 0;
    const found = { kind: 'found', addresses: hosts.map(at) } as const;
    discovery.resolved(tickets.at(-1)!, found, world.now);
    return [...done];
  };
  const fail = (): void =>
    discovery.resolved(tickets.at(-1)!, { kind: 'failed', reason: 'SERVFAIL' }, world.now);
  return { ...world, world, discovery, advance, answer, fail };
}

describe('discovery', () => {
  test('asks after the initial delay, then once per poll', () => {
    const { advance, answer, tickets } = stage();
    advance(500);
    assert.equal(tickets.length, 0);
    advance(500);
    assert.equal(tickets.length, 1);
    answer();
    advance(9_500);
    assert.equal(tickets.length, 1);
    advance(500);
    assert.equal(tickets.length, 2);
  });

  test('joins what it finds, except itself and who is known', () => {
    const { advance, answer, world } = stage();
    world.members.push(member('known'), member('left', { status: 'left' }));
    world.linked.push(at('linked'));
    advance(1_000);
    assert.deepEqual(answer('me', 'known', 'linked', 'new', 'left'), ['join new', 'join left']);
  });

  test('forgets an address that is no longer named before anybody was reached there', () => {
    const { advance, answer } = stage();
    advance(1_000);
    answer('stranger', 'other');
    advance(10_000);
    assert.deepEqual(answer('other'), ['forget stranger', 'join again other']);
    advance(10_000);
    assert.deepEqual(answer('other'), ['join again other']);
    advance(10_000);
    assert.deepEqual(answer('stranger'), ['forget other', 'join stranger']);
  });

  test('withdraws an address when its node has become a member', () => {
    const { advance, answer, world } = stage();
    advance(1_000);
    answer('a');
    world.members.push(member('a'));
    advance(10_000);
    assert.deepEqual(answer('a'), ['forget a']);
    advance(10_000);
    assert.deepEqual(answer('a'), []);
  });

  test('backs off while the source fails, keeps its last answer, and counts', () => {
    const { advance, answer, fail, tickets, done, discovery } = stage();
    advance(1_000);
    answer('a');
    advance(10_000);
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      fail();
      const before = tickets.length;
      let waited = 0;
      for (; tickets.length === before; waited += 500) advance(500);
      waits.push(waited);
    }
    assert.deepEqual(waits, [10_000, 20_000, 40_000, 60_000, 60_000]);
    assert.equal(done.filter((what) => what === 'discovery_failed').length, 5);
    assert(!done.includes('forget a'));
    assert.deepEqual(discovery.named, [at('a')]);
  });

  test('gives up on an answer after the timeout, and ignores it when it comes late', () => {
    const { advance, tickets, done, discovery, world } = stage();
    advance(1_000);
    advance(5_000);
    assert.deepEqual(done, ['discovery_failed']);
    discovery.resolved(tickets[0]!, { kind: 'found', addresses: [at('a')] }, world.now);
    assert.deepEqual(done, ['discovery_failed', 'discovery_late']);
  });

  test('takes a bounded number of addresses from one answer', () => {
    const { advance, answer } = stage({ maxAddresses: 2 });
    advance(1_000);
    assert.deepEqual(answer('a', 'b', 'c'), ['discovery_truncated', 'join a', 'join b']);
  });

  test('joins nobody when told not to', () => {
    const { advance, answer, discovery } = stage({ automaticJoin: false });
    advance(1_000);
    assert.deepEqual(answer('a'), []);
    assert.deepEqual(discovery.named, [at('a')]);
  });
});

describe('automatic leave', () => {
  const leaving = { automaticLeave: true, leaveAfterMs: 60_000 };

  test('removes a dead member that was named and has not been for the whole time', () => {
    const { advance, answer, world } = stage(leaving);
    world.members.push(member('gone', { health: 'dead' }), member('stays', { health: 'dead' }));
    advance(1_000);
    answer('gone', 'stays');
    for (let i = 0; i < 6; i++) {
      advance(10_000);
      assert.deepEqual(answer('stays'), []);
    }
    advance(10_000);
    assert.deepEqual(answer('stays'), ['remove gone']);
  });

  test('never removes who is up, who was never named, or anybody on an empty answer', () => {
    const { advance, answer, world } = stage(leaving);
    world.members.push(
      member('up'),
      member('manual', { health: 'dead' }),
      member('gone', { health: 'dead' }),
    );
    advance(1_000);
    answer('up', 'gone');
    for (let i = 0; i < 12; i++) {
      advance(10_000);
      assert.deepEqual(answer(), []);
    }
    world.members.pop();
    advance(10_000);
    assert.deepEqual(answer('other'), ['join other']);
  });

  test('is off by default', () => {
    const { advance, answer, world } = stage({ leaveAfterMs: 1 });
    world.members.push(member('gone', { health: 'dead' }));
    advance(1_000);
    answer('gone');
    advance(10_000);
    answer('other');
    advance(10_000);
    assert.deepEqual(answer('other'), ['join again other']);
  });
});

test('a headless service is asked by SRV when its port has a name, else by A', () => {
  const service = {
    kind: 'kubernetes',
    service: 'bondy',
    namespace: 'prod',
    clusterDomain: 'cluster.local',
    portName: 'cluster',
    port: 18_086,
  } as const;
  assert.deepEqual(questionOf(service), {
    name: '_cluster._tcp.bondy.prod.svc.cluster.local',
    record: 'srv',
    port: 18_086,
  });
  assert.deepEqual(questionOf({ ...service, portName: undefined }), {
    name: 'bondy.prod.svc.cluster.local',
    record: 'a',
    port: 18_086,
  });
});
