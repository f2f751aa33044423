/** The WAMP clients of a run: they register, subscribe, call, publish and leave, and remember what they were told. */
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import { codecs } from '../../runtime/wamp/codecs.ts';
import type { Id } from '../../runtime/wamp/message.ts';
import { REGISTERED, SUBSCRIBED } from '../../runtime/wamp/message.ts';
import { ALL_FEATURES } from '../actors/routing/support.ts';
import { Client } from './client.ts';
import type { SimNode } from './node.ts';
import { REALM } from './node.ts';

export const URIS = ['com.a', 'com.b', 'com.c'];
const POLICIES = ['single', 'roundrobin', 'random'];

export class Sessions {
  readonly clients = new Set<Client>();
  readonly calls: { readonly client: Client; readonly request: Id }[] = [];
  readonly #random: RandomSource;
  readonly #world: { readonly world: { run(): void } };
  #ids = 0;

  constructor(world: { readonly world: { run(): void } }, random: RandomSource) {
    this.#world = world;
    this.#random = random;
  }

  join(node: SimNode): Client {
    const over = { features: ALL_FEATURES };
    const client = new Client(node.life, REALM, ++this.#ids * 1_000 + 1, codecs.msgpack, over);
    node.life.input(REALM, { kind: 'join', member: client.member });
    return client;
  }

  step(node: SimNode): void {
    const dice = this.#random.integer(1, 100);
    if (dice <= 25) this.#join(node);
    else if (dice <= 48) this.#any()?.register(this.uri(), { invoke: this.#pick(POLICIES) });
    else if (dice <= 65) this.#any()?.subscribe(this.uri());
    else if (dice <= 80) this.#call();
    else if (dice <= 85) this.#any()?.publish(this.uri());
    else if (dice <= 94) this.#drop();
    else this.#leave();
    this.#world.world.run();
  }

  /** The node has crashed, and its sessions with it. */
  gone(node: SimNode): void {
    for (const client of this.clients) if (client.node === node.life) this.clients.delete(client);
  }

  uri(): string {
    return this.#pick(URIS);
  }

  #join(node: SimNode): void {
    if (!node.isUp) return;
    const client = this.join(node);
    client.answer((args) => args);
    this.clients.add(client);
  }

  #call(): void {
    const client = this.#any();
    if (client !== undefined) this.calls.push({ client, request: client.call(this.uri(), [1]) });
  }

  #drop(): void {
    const client = this.#any();
    const registration = client?.last(REGISTERED);
    const subscription = client?.last(SUBSCRIBED);
    if (registration?.type === REGISTERED) client?.unregister(registration.registration);
    else if (subscription?.type === SUBSCRIBED) client?.unsubscribe(subscription.subscription);
  }

  #leave(): void {
    const client = this.#any();
    if (client === undefined) return;
    client.leave();
    this.clients.delete(client);
  }

  #any(): Client | undefined {
    const all = [...this.clients];
    return all.length === 0 ? undefined : this.#pick(all);
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#random.integer(0, all.length - 1)]!;
  }
}
