/**
 * Random histories: sessions that register, subscribe, call, publish and leave; nodes that crash, restart and are cut
 * off; broadcasts that get lost. Afterwards every registry lists exactly what lives, every router routes by it, and every
 * call has had one answer.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { patternId } from '../../../actors/routing/cluster/pattern-ids.ts';
import type { RandomSource } from '../../../runtime/kernel/actor.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import { ERROR, EVENT, REGISTERED, RESULT, SUBSCRIBED } from '../../../runtime/wamp/message.ts';
import type { Id, Value } from '../../../runtime/wamp/message.ts';
import type { Client } from '../../sim/client.ts';
import { TestCluster } from './cluster.ts';

const NAMES = ['a', 'b', 'c', 'd'] as const;
const URIS = ['com.a', 'com.b', 'com.c'];
const POLICIES = ['single', 'roundrobin', 'random'];
const SEEDS = Number(process.env['SEEDS'] ?? 12);
const FIRST = Number(process.env['SEED'] ?? 1);

class Churn {
  readonly cluster: TestCluster;
  readonly #random: RandomSource;
  readonly clients = new Set<Client>();
  readonly calls: { client: Client; request: Id }[] = [];
  #isCut = false;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.cluster = new TestCluster({
      nodes: NAMES.length,
      seed,
      registry: { keptChanges: 8, batch: 3, earlyBatches: 2 },
    });
    this.cluster.network.wire.loss = 0.2;
  }

  step(): void {
    const dice = this.#random.integer(1, 100);
    if (dice <= 20) this.#join();
    else if (dice <= 38) this.#pick()?.register(this.#uri(), this.#options());
    else if (dice <= 52) this.#pick()?.subscribe(this.#uri());
    else if (dice <= 72) this.#call();
    else if (dice <= 78) this.#pick()?.publish(this.#uri());
    else if (dice <= 86) this.#drop();
    else if (dice <= 90) this.#leave();
    else if (dice <= 93) this.#restart();
    else if (dice <= 96) this.#partition();
    else if (dice <= 97) this.#kill();
    else this.cluster.flap(this.#name(), this.#name(), 30);
    this.cluster.settle(this.#random.integer(0, 40));
  }

  /** The world becomes kind, and everything has its time. */
  quiesce(): void {
    this.cluster.network.wire.loss = 0;
    this.cluster.heal();
    for (const name of NAMES) {
      if (!this.cluster.node(name).isAlive) this.cluster.start(name);
    }
    for (let i = 0; i < 6; i++) {
      // flaps that were under way may have left a pair apart
      for (const a of NAMES) {
        for (const b of NAMES) {
          if (a < b && !this.cluster.network.isUp(a, b)) this.cluster.network.connect(a, b);
        }
      }
      this.cluster.settle(10_000);
    }
  }

  #join(): void {
    const node = this.cluster.node(this.#name());
    if (!node.isAlive) return;
    const client = node.client();
    client.answer((args) => args);
    this.clients.add(client);
  }

  #call(): void {
    const client = this.#pick();
    if (client) this.calls.push({ client, request: client.call(this.#uri(), [1]) });
  }

  #drop(): void {
    const client = this.#pick();
    const registration = client?.last(REGISTERED);
    const subscription = client?.last(SUBSCRIBED);
    if (registration?.type === REGISTERED) client?.unregister(registration.registration);
    else if (subscription?.type === SUBSCRIBED) client?.unsubscribe(subscription.subscription);
  }

  #leave(): void {
    const client = this.#pick();
    if (!client) return;
    client.leave();
    this.clients.delete(client);
  }

  #restart(): void {
    const name = this.#name();
    if (!this.cluster.node(name).isAlive) return;
    for (const client of this.clients)
      if (client.node.id.name === name) this.clients.delete(client);
    this.cluster.crash(name, this.#random.integer(10, 1_500));
    this.cluster.settle(this.#random.integer(0, 2_000));
    this.cluster.start(name);
  }

  #partition(): void {
    if (this.#isCut) this.cluster.heal();
    else {
      const side = NAMES.filter(() => this.#random.next() < 0.5);
      this.cluster.partition(
        side,
        NAMES.filter((name) => !side.includes(name)),
        this.#random.integer(10, 500),
      );
      this.cluster.settle(this.#random.integer(0, 8_000));
    }
    this.#isCut = !this.#isCut;
  }

  #kill(): void {
    const parts = ['registry', 'relay', 'realm1'];
    const node = this.cluster.node(this.#name());
    if (node.isAlive)
      node.kernel.exit(`root/${parts[this.#random.integer(0, 2)]}`, { kind: 'killed' });
  }

  #pick(): Client | undefined {
    const all = [...this.clients];
    return all[this.#random.integer(0, Math.max(0, all.length - 1))];
  }

  #name(): string {
    return NAMES[this.#random.integer(0, NAMES.length - 1)];
  }

  #uri(): string {
    return URIS[this.#random.integer(0, URIS.length - 1)];
  }

  #options(): { invoke: string } {
    return { invoke: POLICIES[this.#random.integer(0, POLICIES.length - 1)] };
  }
}

/** Every replica is what its owner has. */
function checkRegistries({ cluster }: Churn): void {
  const infos = NAMES.map((name) => cluster.node(name).registryInfo());
  const truth = new Map(infos.map(({ self }) => [self.node.name, self]));
  for (const { self, owners } of infos) {
    assert.equal(owners.length, NAMES.length - 1, `${self.node.name} knows all others`);
    for (const { node, digest, sequence, entries, state } of owners) {
      const known = { node, digest, sequence, entries };
      assert.deepEqual(known, truth.get(node.name), `${self.node.name} about ${node.name}`);
      assert.equal(state, 'up');
    }
  }
}

/** Every node lists the callees that were told so, and no others. */
function checkCallees({ cluster, clients }: Churn): void {
  for (const uri of URIS) {
    for (const name of NAMES) {
      const asker = cluster.node(name).client();
      const [id] = ask(cluster, asker, 'wamp.registration.lookup', uri);
      const [list] = id === null ? [[]] : ask(cluster, asker, 'wamp.registration.list_callees', id);
      const expected = [...clients].filter(({ registrations }) => registrations.has(id as Id));
      assert.deepEqual(
        [...(list as Id[])].sort(),
        expected.map((client) => client.id).sort(),
        `${uri} on ${name}`,
      );
      asker.leave();
    }
  }
  const registered = [...clients].flatMap(({ registrations }) => [...registrations]);
  const known = new Set(URIS.map((uri) => patternId('exact', uri, () => false)));
  for (const id of registered) assert(known.has(id));
}

/** What is published anywhere reaches each subscriber once. */
function checkEvents({ cluster, clients }: Churn): void {
  for (const uri of URIS) {
    for (const name of NAMES) {
      for (const client of clients) client.take();
      const publisher = cluster.node(name).client();
      publisher.publish(uri, [uri]);
      cluster.settle(50);
      publisher.leave();
      const id = patternId('exact', uri, () => false);
      for (const client of clients) {
        const events = client.take().filter(({ type }) => type === EVENT);
        assert.equal(events.length, client.subscriptions.has(id) ? 1 : 0, `${client.id}: ${uri}`);
      }
    }
  }
}

function ask(cluster: TestCluster, asker: Client, procedure: string, arg: Value): readonly Value[] {
  asker.call(procedure, [arg]);
  cluster.settle(20);
  const [answer] = asker.take();
  assert(answer?.type === RESULT, procedure);
  return asker.argsOf(answer.payload);
}

function checkCalls(churn: Churn): void {
  for (const { client, request } of churn.calls) {
    if (!churn.clients.has(client)) continue;
    const answers = client.received.filter(
      (message) =>
        (message.type === RESULT && message.request === request) ||
        (message.type === ERROR && message.requestType === 48 && message.request === request),
    );
    assert.equal(answers.length, 1, `call ${request} of ${client.id} on ${client.node.id.name}`);
  }
}

describe('after any history', () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    it(`everybody knows the same, and every call has one answer (SEED=${seed} SEEDS=1)`, () => {
      const churn = new Churn(seed);
      for (let i = 0; i < 150; i++) churn.step();
      churn.quiesce();
      for (const { crashes } of churn.cluster.nodes.values()) {
        assert.deepEqual(
          crashes.filter((reason) => reason !== 'killed'),
          [],
        );
      }
      checkCalls(churn);
      checkRegistries(churn);
      checkCallees(churn);
      checkEvents(churn);
    });
  }
});
