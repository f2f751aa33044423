/** The agents of membership and discovery on the stepper, between a network, links, a disk and a resolver of the test. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NodeId } from '../../../runtime/causality/identity.ts';
import type { Target } from '../../../runtime/kernel/actor.ts';
import { KILLED, name } from '../../../runtime/kernel/actor.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import { SetTable } from '../../../runtime/kernel/table.ts';
import { decodeBody, encodeBody } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import type { PeerInput } from '../../../runtime/net/peer/port.ts';
import type { LinksMessage } from '../../../actors/links/api.ts';
import { LINKS, peerService } from '../../../actors/links/api.ts';
import type { Member, MembershipEvent, Out } from '../../../actors/membership/api.ts';
import { MEMBERSHIP, View } from '../../../actors/membership/api.ts';
import { MEMBERSHIP_DEFAULTS } from '../../../actors/membership/config.ts';
import { DISCOVERY_DEFAULTS } from '../../../actors/membership/discovery-config.ts';
import { discovery } from '../../../actors/membership/discovery.actor.ts';
import { membership } from '../../../actors/membership/membership.actor.ts';
import { parseRoster, plainRoster } from '../../../actors/membership/durable.ts';
import type { MembershipWire } from '../../../actors/membership/messages.ts';
import { parseMessage, plainMessage } from '../../../actors/membership/parse.ts';

const BOB: NodeId = { name: 'bob', incarnation: 1 };
const bob: Member = {
  ...BOB,
  status: 'up',
  version: 1,
  addresses: [{ host: 'bob', port: 1 }],
  beat: 1,
  health: 'alive',
};

function stage(options: { readonly disk?: Uint8Array } = {}) {
  const stepper = new Stepper();
  const self = { name: 'alice', incarnation: 1 };
  const sent: { to: string; message: MembershipWire }[] = [];
  const links: LinksMessage[] = [];
  const counted: string[] = [];
  const outs: Out[] = [];
  const connected: NodeId[] = [];
  const events: MembershipEvent[] = [];
  const disk = { bytes: options.disk, failure: undefined as Error | undefined, saves: 0 };
  const members = new SetTable<string, Member>('members');
  const neighbors = { names: (): readonly string[] => [] };
  const view = new View(self, members, () => neighbors.names());
  const network = {
    self,
    send: (to: string, _channel: string, _service: string, body: Uint8Array) => {
      const value = decodeBody(body);
      assert(!(value instanceof Malformed));
      const message = parseMessage(value);
      assert(typeof message !== 'string');
      sent.push({ to, message });
      return 'queued' as const;
    },
    isConnected: (peer: string) => connected.some((one) => one.name === peer),
    connected: () => connected,
  };
  const kernel = boot({
    scheduler: stepper,
    log: { crash: () => {}, event: () => {} },
    root: {
      kind: 'supervisor',
      strategy: 'one_for_one',
      intensity: { restarts: 5, periodMs: 5_000 },
      children: () => [
        {
          id: 'links',
          start: {
            init: (context) => {
              context.register(LINKS);
              return {
                handle: (message: LinksMessage) => {
                  if (message.kind === 'info') message.reply.reply([]);
                  else links.push(message);
                },
              };
            },
          },
        },
        {
          id: 'membership',
          start: membership({
            config: MEMBERSHIP_DEFAULTS,
            network,
            addresses: () => [{ host: 'alice', port: 1 }],
            isJoining: false,
            store: {
              load: () => disk.bytes,
              save: (bytes, done) => {
                disk.saves++;
                if (disk.failure === undefined) disk.bytes = bytes;
                done(disk.failure);
              },
            },
            members,
            neighbors,
            count: (what) => counted.push(what),
            log: () => {},
            onOut: (why) => outs.push(why),
          }),
        },
        {
          id: 'discovery',
          start: discovery({
            config: {
              ...DISCOVERY_DEFAULTS,
              sources: [{ kind: 'dns', name: 'all', record: 'srv', port: 0 }],
            },
            view,
            own: () => [{ host: 'alice', port: 1 }],
            resolver: {
              resolve4: () => Promise.reject(new Error('no A')),
              resolve6: () => Promise.reject(new Error('no AAAA')),
              resolveSrv: () =>
                Promise.resolve([
                  { name: 'carol', port: 1 },
                  { name: 'alice', port: 1 },
                ]),
            },
            count: (what) => counted.push(what),
            log: () => {},
          }),
        },
      ],
    },
  });
  stepper.run();
  const service = (): Target<PeerInput> => kernel.whereis(peerService('membership'))!;
  const hears = (message: MembershipWire, from = BOB): void => {
    service().cast({ kind: 'peer_message', from, body: encodeBody(plainMessage(message)) });
    stepper.run();
  };
  const meets = (member = bob): void => {
    const peer = { name: member.name, incarnation: member.incarnation };
    connected.push(peer);
    service().cast({ kind: 'link_up', peer });
    hears({ kind: 'hello', member, digest: '0000000000000000' }, peer);
  };
  const subscribes = (): void => {
    const target: Target<MembershipEvent> = {
      cast: (event) => {
        events.push(event);
        return 'accepted';
      },
    };
    kernel.whereis(MEMBERSHIP)!.cast({ kind: 'subscribe', target });
    stepper.run();
  };
  const stored = (): readonly Member[] => {
    const value = decodeBody(disk.bytes!);
    assert(!(value instanceof Malformed));
    const parsed = parseRoster(value);
    assert(typeof parsed !== 'string');
    return parsed;
  };
  const ask = <R>(
    request: (reply: { reply(value: R): void }) => Parameters<typeof say>[0],
  ): R[] => {
    const answers: R[] = [];
    say(request({ reply: (value) => answers.push(value) }));
    stepper.run();
    return answers;
  };
  const say = (message: Parameters<NonNullable<ReturnType<typeof actor>>['cast']>[0]): void => {
    actor()!.cast(message);
  };
  const actor = () => kernel.whereis(MEMBERSHIP);
  return {
    kernel,
    stepper,
    sent,
    links,
    counted,
    outs,
    events,
    disk,
    view,
    connected,
    service,
    hears,
    meets,
    subscribes,
    stored,
    ask,
  };
}

describe('the agent of membership', () => {
  test('takes in who says hello, tells subscribers, dials it by name, and saves it within a second', () => {
    const { meets, subscribes, events, links, stepper, stored, view } = stage();
    subscribes();
    meets();
    stepper.advance(1_100);
    assert.deepEqual(events, [{ kind: 'node_up', node: BOB }]);
    assert.deepEqual(links[0], { kind: 'connect', address: bob.addresses[0], name: 'bob' });
    assert.deepEqual(
      stored().map((one) => one.name),
      ['alice', 'bob'],
    );
    assert(view.isUp('bob') && view.isUp('alice'));
    assert.deepEqual([...view.alive()].sort(), ['alice', 'bob']);
    assert.deepEqual(view.neighbors(), ['bob']);
  });

  test('has a new member on disk before a second is over, for a node that starts without it would forget too much', () => {
    const { meets, stepper, stored } = stage();
    stepper.advance(150); // itself has just been written
    meets();
    assert.deepEqual(
      stored().map((one) => one.name),
      ['alice', 'bob'],
    );
  });

  test('tells a late subscriber who is up', () => {
    const { meets, subscribes, events } = stage();
    meets();
    subscribes();
    assert.deepEqual(events, [{ kind: 'node_up', node: BOB }]);
  });

  test('dials from the stored roster without being told, and counts nobody in it as up', () => {
    const first = stage();
    first.meets();
    first.stepper.advance(2_000);
    const second = stage({ disk: first.disk.bytes! });
    second.stepper.advance(200);
    assert(second.links.some((message) => message.kind === 'connect' && message.name === 'bob'));
    assert(!second.view.isUp('bob'));
    assert.equal(second.view.member('bob')?.health, 'unknown');
  });

  test('takes no part when its disk tells of a younger life of its own', () => {
    const roster = encodeBody(plainRoster([{ ...bob, name: 'alice', incarnation: 9 }, bob]));
    const { outs, links, stepper } = stage({ disk: roster });
    stepper.advance(2_000);
    assert.deepEqual(outs, ['superseded']);
    assert(!links.some((message) => message.kind === 'connect' && message.name === 'bob'));
  });

  test('starts with an empty roster, and says so, when the stored one is damaged', () => {
    const { view, stepper, stored } = stage({ disk: new Uint8Array([1, 2, 3]) });
    stepper.advance(1_500);
    assert.deepEqual(view.alive(), ['alice']);
    assert.equal(stored().length, 1);
  });

  test('counts bytes that are no message, and goes on', () => {
    const { service, stepper, counted, meets, view } = stage();
    for (const body of [new Uint8Array(0), new Uint8Array([0xff, 1]), encodeBody({ kind: 'x' })]) {
      service().cast({ kind: 'peer_message', from: BOB, body });
    }
    stepper.run();
    assert.equal(counted.filter((what) => what === 'membership_malformed').length, 3);
    meets();
    assert(view.isUp('bob'));
  });

  test('believes nobody who says hello in another name', () => {
    const { service, hears, view, counted } = stage();
    service().cast({ kind: 'link_up', peer: BOB });
    hears({ kind: 'hello', member: { ...bob, name: 'carol' }, digest: '0000000000000000' });
    assert.equal(view.member('carol'), undefined);
    assert(counted.includes('membership_impostor'));
  });

  test('answers a removal when it is on disk, also when the disk failed at first', () => {
    const { meets, hears, ask, stepper, disk, stored } = stage();
    meets();
    stepper.advance(1_500);
    hears({ kind: 'rumor', members: [{ ...bob, health: 'dead' }] });
    disk.failure = new Error('ENOSPC');
    const answers = ask<string>((reply) => ({ kind: 'remove', name: 'bob', reply }));
    stepper.advance(3_000);
    assert.deepEqual(answers, []);
    disk.failure = undefined;
    stepper.advance(1_500);
    assert.deepEqual(answers, ['removed']);
    assert.equal(stored().find((one) => one.name === 'bob')?.status, 'removed');
  });

  test('leaves with a word to all, closes the links, forgets the others on disk, then answers', () => {
    const { meets, ask, stepper, sent, links, stored, outs } = stage();
    meets();
    stepper.advance(1_000);
    const answers = ask<Out>((reply) => ({ kind: 'leave', reply }));
    stepper.advance(4_000);
    assert.deepEqual(answers, ['left']);
    assert.deepEqual(outs, ['left']);
    assert.deepEqual(
      stored().map((one) => `${one.name} ${one.status}`),
      ['alice left'],
    );
    const said = sent.flatMap(({ message }) => (message.kind === 'rumor' ? message.members : []));
    assert(said.some(({ name, status }) => name === 'alice' && status === 'left'));
    assert(links.some((message) => message.kind === 'disconnect' && message.name === 'bob'));
  });

  test('after a crash goes on with what it knew, and asks its links again after theirs', () => {
    const { kernel, meets, stepper, view, links } = stage();
    meets();
    stepper.advance(500);
    kernel.exit('root/membership', KILLED);
    stepper.run();
    assert(view.isUp('bob'), 'readers saw no gap');
    stepper.advance(300);
    const before = links.length;
    kernel.exit('root/links', KILLED);
    stepper.advance(1_300);
    assert(links.slice(before).some((message) => message.kind === 'connect'));
    assert.deepEqual(view.neighbors(), ['bob']);
  });

  test('notices a lost link_down and a lost link_up', () => {
    const { meets, stepper, connected, counted, view } = stage();
    meets();
    connected.length = 0;
    stepper.advance(1_100);
    assert.deepEqual(view.neighbors(), []);
    connected.push(BOB);
    stepper.advance(1_100);
    assert.deepEqual(view.neighbors(), ['bob']);
    assert.equal(counted.filter((what) => what === 'membership_link_repaired').length, 2);
  });

  test('tells the others when its process stops', async () => {
    const { kernel, meets, sent, stepper } = stage();
    meets();
    sent.length = 0;
    const ended = kernel.stop();
    stepper.run();
    await ended;
    const [last] = sent.filter(({ message }) => message.kind === 'rumor').slice(-1);
    assert(last?.message.kind === 'rumor');
    assert.equal(last.message.members[0]?.health, 'dead');
  });
});

test('what discovery finds is dialled, except the node itself, and shown', async () => {
  const { stepper, links, kernel } = stage();
  stepper.advance(1_000);
  await new Promise((resolve) => setImmediate(resolve)); // the resolver's promises
  stepper.run();
  const dialled = links.flatMap((message) =>
    message.kind === 'connect' ? [message.address.host] : [],
  );
  assert.deepEqual(dialled, ['carol']);
  assert(kernel.whereis(name('discovery')));
});
