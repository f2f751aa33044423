/**
 * A publisher's node is killed at random moments, while it publishes with `acknowledge` as fast as it can: every retained
 * event whose PUBLISHED came is there afterwards, or a later one of its topic. BONDY_KILLS=30 for a longer run. And a
 * session that moves on with its token finds on another node what it was told is written.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import { seededRandom } from '../../runtime/kernel/random.ts';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';
import type { ClusterNode } from './nodes.ts';
import { makeNodes, startCluster } from './nodes.ts';

const KILLS = Number(process.env['BONDY_KILLS'] ?? 3);
const SEED = Number(process.env['BONDY_SEED'] ?? Date.now() % 1_000_000);
/** Publications without an answer at a time. */
const WINDOW = 200;
const TOPICS = 300;
const MAX_ANSWERS = 2_000;
const PREFIX = 'com.example.written.';
const TOKEN = '_bondy_session_token';
/** Nodes under load, on a machine under load. */
const PATIENCE_MS = 60_000;

const ALONE = { 'cluster.enabled': 'off' };

for (const [what, settings] of [
  ['a node of a cluster', {}],
  ['a node that is alone', ALONE],
] as const) {
  it(`${what} that is killed while it acknowledges has all it acknowledged`, async (t) => {
    t.diagnostic(`BONDY_SEED=${SEED}`);
    const random = seededRandom(SEED);
    const [node] = (await makeNodes(t, ['node1'], {
      settings: { 'wamp.message_retention.max_per_subscribe': 100_000, ...settings },
    })) as [ClusterNode];
    const publisher = new Publisher();
    for (let kill = 0; kill < KILLS; kill++) {
      await node.start();
      await holdsAll(t, node, publisher);
      await publisher.publishOn(t, node, random.integer(1, MAX_ANSWERS));
    }
    await node.start();
    await holdsAll(t, node, publisher);
    t.diagnostic(`${publisher.answers} acknowledged in ${KILLS} lives`);
  });
}

it('a session that moves to another node with its token finds there what it was told is written', async (t) => {
  const [first, second] = (await startCluster(t, 2)) as [ClusterNode, ClusterNode];
  const here = await first.join(t);
  for (let round = 0; round < 50; round++) {
    const topic = `com.example.state.${round % 7}`;
    await here.publish(topic, { retain: true }, [round]);
    const request = here.request(wamp.CALL, {}, 'bondy.session.token');
    const [token] = (await here.expectReply(wamp.RESULT, request))[3] as readonly unknown[];
    const there = await (await connect(t, second)).join({ [TOKEN]: token });
    await there.subscribe(topic, { get_retained: true });
    const event = await there.expect(wamp.EVENT);
    assert.deepEqual(event[4], [round]);
    there.destroy();
  }
});

/** Goes on with a new connection in each life of its node. */
class Publisher {
  /** By topic, the last that was acknowledged. */
  readonly acknowledged = new Map<string, number>();
  answers = 0;
  #last = 0;

  /** Kills the node when so many answers have come, and takes what was said before its end. */
  async publishOn(t: TestContext, node: ClusterNode, enough: number): Promise<void> {
    const client = await node.join(t);
    const open = new Map<number, number>();
    const publish = (): void => {
      const n = ++this.#last;
      const options = { acknowledge: true, retain: true };
      open.set(client.request(wamp.PUBLISH, options, topicOf(n), [n]), n);
    };
    while (open.size < WINDOW) publish();
    let answers = 0;
    let killed: Promise<void> | undefined;
    for (;;) {
      const message = await client.next('an answer', PATIENCE_MS).catch((error: unknown) => {
        if (killed === undefined) throw error;
        return undefined;
      });
      if (message === undefined) break;
      assert.equal(message[0], wamp.PUBLISHED, JSON.stringify(message));
      const n = open.get(message[1] as number);
      assert(n !== undefined, `${message[1]} was answered twice`);
      open.delete(message[1] as number);
      this.acknowledged.set(topicOf(n), n);
      if (++answers >= enough) killed ??= node.kill('SIGKILL');
      else publish();
    }
    await killed;
    this.answers += answers;
  }
}

function topicOf(n: number): string {
  return `${PREFIX}${n % TOPICS}`;
}

async function holdsAll(t: TestContext, node: ClusterNode, publisher: Publisher): Promise<void> {
  const client = await node.join(t);
  await client.subscribe(PREFIX, { match: 'prefix', get_retained: true });
  client.request(wamp.SUBSCRIBE, {}, 'com.behind'); // answered behind what the first one brings
  const found = new Map<string, number>();
  for (;;) {
    const message = await client.next('an event', PATIENCE_MS);
    if (message[0] === wamp.SUBSCRIBED) break;
    const [n] = message[4] as readonly [number];
    found.set(topicOf(n), n);
  }
  client.destroy();
  for (const [topic, n] of publisher.acknowledged) {
    const has = found.get(topic) ?? 0;
    assert(has >= n, `${topic} has ${has}, acknowledged was ${n}`);
  }
}

async function connect(t: TestContext, { ports }: ClusterNode): Promise<RawClient> {
  const urls = {
    websocket: `ws://127.0.0.1:${ports.websocket}/ws`,
    rawsocket: `rs://127.0.0.1:${ports.rawsocket}`,
  };
  const client = await RawClient.connect(urls, RAWSOCKET_MSGPACK);
  t.after(() => client.destroy());
  return client;
}
