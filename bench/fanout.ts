/**
 * What the broker's core costs without sockets: publications to 0, 1, 10 and 1000 receivers whose outlets take the
 * encoded frame and drop it, and publications among a growing number of subscriptions.
 *
 *     node --import tsx bench/fanout.ts
 */
import type { Member } from '../actors/routing/api.ts';
import { Broker } from '../actors/routing/broker/broker.ts';
import { DEFAULT_BROKER_CONFIG } from '../actors/routing/config.ts';
import type { Outlet } from '../runtime/net/connection.ts';
import type { SharedFrame } from '../runtime/net/shared-frame.ts';
import { codecs } from '../runtime/wamp/codecs.ts';
import type { Dict, Id, Publish, RouterMessage } from '../runtime/wamp/message.ts';
import { EMPTY, PUBLISH, SUBSCRIBE } from '../runtime/wamp/message.ts';
import { ByteWriter } from '../runtime/wamp/writer.ts';

const codec = codecs.msgpack;
const writer = new ByteWriter(1 << 16);

/** Encodes or copies what it is sent, as a socket's buffer would, and forgets it. */
const nullOutlet: Outlet = {
  codec,
  backlog: 0,
  isCongested: false,
  send(message: RouterMessage) {
    writer.at = 0;
    codec.encode(message, writer);
    return 'sent';
  },
  sendShared(frame: SharedFrame) {
    const bytes = frame.bytes(codec);
    if (!(bytes instanceof Uint8Array)) return 'unencodable';
    writer.at = 0;
    writer.append(bytes, 0, bytes.length);
    return 'sent';
  },
};

function member(id: Id): Member {
  return {
    id,
    authid: `user-${id}`,
    authrole: 'anonymous',
    authmethod: 'anonymous',
    authprovider: 'static',
    authextra: EMPTY,
    trustlevel: undefined,
    features: { publisher: new Set(), subscriber: new Set(), caller: undefined, callee: undefined },
    transport: {
      kind: 'in_process',
      batched: false,
      tls: false,
      peer: { address: '127.0.0.1', port: 0 },
      listener: 'bench',
    },
    outlet: nullOutlet,
    session: undefined,
    joinedAt: 0,
    lastInvocation: 0,
  };
}

function newBroker(): Broker {
  const broker = new Broker({
    members: new Map(),
    subscriptions: new Map(),
    retained: new Map(),
    history: new Map(),
    testaments: new Map(),
    effects: {
      isHeard: true,
      abort: () => undefined,
      goodbye: () => undefined,
      announce: () => undefined,
      afterwards: () => undefined,
      publishAs: () => undefined,
      count: () => undefined,
    },
    random: {
      next: Math.random,
      integer: (low, high) => low + Math.floor(Math.random() * (high - low)),
    },
    config: { ...DEFAULT_BROKER_CONFIG, maxSubscriptionsPerSession: 10_000_000 },
    uriRule: 'loose',
    codecs,
  });
  broker.recover(0);
  return broker;
}

function publication(topic: string, options: Dict = EMPTY): Publish {
  const payload = codec.payload(['x'.repeat(48), 12_345]);
  return { type: PUBLISH, request: 1, options, topic, payload };
}

/** Median ns per run of `work`, over 5 rounds of about 200 ms. */
function measure(work: (i: number) => void): number {
  const rounds: number[] = [];
  let runs = 1_000;
  for (let round = 0; round < 6; round++) {
    const start = performance.now();
    for (let i = 0; i < runs; i++) work(i);
    const ms = performance.now() - start;
    rounds.push((ms * 1e6) / runs);
    runs = Math.max(100, Math.round((runs * 200) / Math.max(ms, 0.01)));
  }
  return rounds.slice(1).sort((a, b) => a - b)[2]!;
}

function report(name: string, ns: number, receivers: number): void {
  const each = receivers > 1 ? `${(ns / receivers).toFixed(1).padStart(8)} ns/event` : '';
  console.log(`${name.padEnd(52)} ${ns.toFixed(0).padStart(8)} ns ${each}`);
}

function fanOut(): void {
  const publisher = member(1);
  for (const receivers of [0, 1, 10, 1_000]) {
    const broker = newBroker();
    for (let i = 0; i < receivers; i++) {
      const message = {
        type: SUBSCRIBE,
        request: 1,
        options: EMPTY,
        topic: 'com.bench.topic',
      } as const;
      broker.subscribe(member(100 + i), message, 0);
    }
    const plain = publication('com.bench.topic');
    report(
      `1 → ${receivers}`,
      measure(() => broker.publish(publisher, plain, 0)),
      receivers,
    );
    if (receivers < 10) continue;
    const listed = publication('com.bench.topic', { exclude_authid: ['user-5'] });
    report(
      `1 → ${receivers}, exclude_authid`,
      measure(() => broker.publish(publisher, listed, 0)),
      receivers,
    );
  }
}

function lookups(): void {
  const publisher = member(1);
  const subscriber = member(2);
  for (const count of [1_000, 10_000, 100_000, 1_000_000]) {
    const broker = newBroker();
    const shapes = [
      (i: number) => ['exact', `com.bench.t${i}.value`],
      (i: number) => ['prefix', `com.bench.t${i}.v`],
      (i: number) => ['wildcard', `com.bench.t${i}.`],
    ] as const;
    const before = process.memoryUsage().heapUsed;
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      const [match, topic] = shapes[i % 3]!(i) as [string, string];
      broker.subscribe(subscriber, { type: SUBSCRIBE, request: 1, options: { match }, topic }, 0);
    }
    const us = ((performance.now() - start) * 1e3) / count;
    const bytes = (process.memoryUsage().heapUsed - before) / count;
    const messages = Array.from({ length: 3_000 }, (_, i) => {
      const at = Math.floor(((i * 7_919) % count) / 3) * 3 + (i % 3);
      return publication(`com.bench.t${at}.value`);
    });
    const ns = measure((i) => broker.publish(publisher, messages[i % 3_000]!, 0));
    const cost = `${us.toFixed(2)} µs to subscribe, ${bytes.toFixed(0)} B each`;
    report(`publish among ${count} subscriptions (${cost})`, ns, 1);
  }
}

fanOut();
lookups();
