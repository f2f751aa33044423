/** Random histories of a realm against a model too simple to be wrong: who gets which event, how often, in which order. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { matches } from '../../../../actors/routing/matching/matches.ts';
import type { Id } from '../../../../runtime/wamp/message.ts';
import type { TestMember } from '../support.ts';
import { argsOf } from '../support.ts';
import { takeEvents, TestRealm } from './support.ts';

type Match = 'exact' | 'prefix' | 'wildcard';

const component = fc.constantFrom('a', 'b', 'ab');
const topic = fc
  .array(component, { minLength: 1, maxLength: 4 })
  .map((components) => components.join('.'));
const pattern = fc.oneof(
  topic.map((uri) => ['exact', uri] as const),
  fc
    .tuple(topic, fc.nat(4))
    .map(([uri, cut]) => ['prefix', uri.slice(0, Math.max(0, uri.length - cut))] as const),
  fc
    .array(fc.oneof(component, fc.constant('')), { minLength: 1, maxLength: 4 })
    .map((components) => ['wildcard', components.join('.')] as const),
);
const session = fc.nat(4).map((n) => n + 1);

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('subscribe' as const), session, pattern }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      session,
      topic,
      excludeMe: fc.boolean(),
      exclude: fc.option(fc.array(session, { maxLength: 2 })),
      eligible: fc.option(fc.array(session, { maxLength: 3 }), { freq: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('unsubscribe' as const), session, nth: fc.nat(5) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), session }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** The dumb one: a list of who holds what, and regular expressions. */
class Model {
  held: { session: Id; match: Match; uri: string; id: Id }[] = [];

  receivers(publication: Extract<Step, { kind: 'publish' }>): string[] {
    return this.held
      .filter(({ match, uri }) => toExpression(match, uri).test(publication.topic))
      .filter(({ session: to }) => !(publication.excludeMe && to === publication.session))
      .filter(({ session: to }) => !publication.exclude?.includes(to))
      .filter(({ session: to }) => publication.eligible?.includes(to) ?? true)
      .map(({ session: to, id }) => `${to} under ${id}`)
      .sort();
  }
}

function toExpression(match: Match, uri: string): RegExp {
  const escape = (text: string) => text.replaceAll('.', '\\.');
  if (match === 'exact') return new RegExp(`^${escape(uri)}$`);
  if (match === 'prefix') return new RegExp(`^${escape(uri)}`);
  const components = uri.split('.').map((part) => (part === '' ? '[^.]+' : part));
  return new RegExp(`^${components.join('\\.')}$`);
}

class History {
  readonly realm = new TestRealm();
  readonly model = new Model();
  readonly members = new Map<Id, TestMember>();
  #said = 0;

  run(next: Step): void {
    switch (next.kind) {
      case 'subscribe':
        return this.#subscribe(next.session, next.pattern);
      case 'publish':
        return this.#publish(next);
      case 'unsubscribe':
        return this.#unsubscribe(next.session, next.nth);
      case 'leave':
        return this.#leave(next.session);
      case 'restart':
        return this.realm.restart();
    }
  }

  check(): void {
    const { held } = this.model;
    assert.equal(
      this.realm.dependencies.subscriptions.size,
      new Set(held.map(({ id }) => id)).size,
    );
  }

  #member(id: Id): TestMember {
    const known = this.members.get(id) ?? this.realm.join(id);
    this.members.set(id, known);
    return known;
  }

  #subscribe(id: Id, [match, uri]: readonly [Match, string]): void {
    const subscription = this.realm.subscribe(this.#member(id), uri, { match });
    const { held } = this.model;
    const same = held.find((other) => other.match === match && other.uri === uri);
    if (same) assert.equal(subscription, same.id);
    else assert.ok(!held.some((other) => other.id === subscription));
    const isNew = !held.some((other) => other.session === id && other.id === subscription);
    if (isNew) held.push({ session: id, match, uri, id: subscription });
  }

  #publish(publication: Extract<Step, { kind: 'publish' }>): void {
    const { topic, excludeMe, exclude, eligible } = publication;
    const publisher = this.#member(publication.session);
    for (const member of this.members.values()) member.outlet.take();
    const said = ++this.#said;
    this.realm.publish(publisher, topic, [said], { exclude_me: excludeMe, exclude, eligible });
    const got: string[] = [];
    const publications = new Set<Id>();
    for (const member of this.members.values()) {
      for (const event of takeEvents(member)) {
        assert.deepEqual(argsOf(event.payload), [said]);
        publications.add(event.publication);
        got.push(`${member.id} under ${event.subscription}`);
      }
    }
    assert.deepEqual(got.sort(), this.model.receivers(publication));
    assert.ok(publications.size <= 1);
  }

  #unsubscribe(id: Id, nth: number): void {
    const { model } = this;
    const own = model.held.filter(({ session: holder }) => holder === id);
    if (own.length === 0) return;
    const victim = own[nth % own.length]!;
    this.realm.unsubscribe(this.#member(id), victim.id);
    model.held = model.held.filter((other) => other !== victim);
  }

  #leave(id: Id): void {
    const member = this.members.get(id);
    if (!member) return;
    this.realm.leave(member);
    this.members.delete(id);
    this.model.held = this.model.held.filter(({ session: holder }) => holder !== id);
  }
}

describe('the broker, whatever happens to it', () => {
  it('delivers every event to whom the model says, once per matching subscription', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const history = new History();
        for (const next of steps) {
          history.run(next);
          history.check();
        }
      }),
      { numRuns: 500 },
    );
  });

  it('delivers the events of a publisher to each subscriber in the order of publication', () => {
    const topics = fc.array(topic, { maxLength: 30 });
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 5 }),
        topics,
        (patterns, published) => {
          const realm = new TestRealm();
          const [publisher, subscriber] = [realm.join(1), realm.join(2)];
          for (const [match, uri] of patterns) realm.subscribe(subscriber, uri, { match });
          published.forEach((uri, i) => realm.publish(publisher, uri, [i]));
          const order = takeEvents(subscriber).map(({ payload }) => argsOf(payload)[0] as number);
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          );
        },
      ),
    );
  });

  it('matches single topics as the index does', () => {
    fc.assert(
      fc.property(pattern, topic, ([match, uri], published) => {
        assert.equal(matches(published, match, uri), toExpression(match, uri).test(published));
      }),
      { numRuns: 1_000 },
    );
  });
});
