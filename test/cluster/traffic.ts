/**
 * Pairs of clients that work while nodes come and go, and what must be true of them then: every call answered, each answer
 * its own, nothing twice, nothing out of order, and every acknowledged write on every node.
 */
import assert from 'node:assert/strict';
import autobahn from 'autobahn';
import { ask } from './client.ts';
import { Pair } from './pair.ts';

const POLL_MS = 50;
const PATIENCE_MS = 60_000;

/** What a caller may hear while a callee's node is away, and a publisher whose store was late (paused, or a busy disk). */
const CLEAR_ERRORS = new Set([
  'call: wamp.error.no_such_procedure',
  'call: wamp.error.unavailable',
  'call: wamp.error.canceled',
  'call: wamp.error.no_eligible_callee',
  'publish: wamp.error.unavailable',
]);

export class Traffic {
  readonly pairs: readonly Pair[];
  readonly #urls: readonly string[];

  /** A pair for each way between each two nodes, or for those that are wanted; both may be on one. */
  constructor(
    urls: readonly string[],
    isWanted: (from: number, to: number) => boolean = (from, to) => from !== to,
  ) {
    this.#urls = urls;
    this.pairs = urls.flatMap((from, i) =>
      urls.flatMap((to, j) => (isWanted(i, j) ? [new Pair(`${i}to${j}`, from, to)] : [])),
    );
    for (const pair of this.pairs) pair.start();
  }

  /** Until each pair (or those named) has had so many more results and events. */
  async flows(count: number, pairs: readonly Pair[] = this.pairs): Promise<void> {
    const goals = pairs.map((pair) => ({
      pair,
      results: pair.results + count,
      events: pair.events.length + count,
    }));
    await until('traffic flows', () =>
      goals
        .filter(
          ({ pair, results, events }) => pair.results < results || pair.events.length < events,
        )
        .map(({ pair }) => describe(pair)),
    );
  }

  /** While nothing breaks nothing may be lost: of so many publications that are acknowledged, all arrive. */
  async losesNothing(count: number): Promise<void> {
    const starts = this.pairs.map(({ acknowledgedInOrder }) => acknowledgedInOrder.length);
    await until('publications are acknowledged', () =>
      this.pairs
        .filter(({ acknowledgedInOrder }, i) => acknowledgedInOrder.length < starts[i]! + count)
        .map(describe),
    );
    await until('acknowledged publications arrive', () =>
      this.pairs.flatMap((pair, i) => {
        const expected = pair.acknowledgedInOrder.slice(starts[i], starts[i]! + count);
        const heard = new Set(pair.events.map(({ n }) => n));
        const missing = expected.filter((n) => !heard.has(n));
        return missing.length > 0 ? [`${pair.name} did not hear ${missing.join(', ')}`] : [];
      }),
    );
  }

  async quiet(): Promise<void> {
    await Promise.all(this.pairs.map((pair) => pair.quiet()));
  }

  /** After `quiet`. */
  resume(): void {
    for (const pair of this.pairs) pair.start();
  }

  stop(): void {
    for (const pair of this.pairs) pair.stop();
  }

  /** What holds whatever has happened. */
  check(): void {
    for (const { name, wrong, errors, invoked, events } of this.pairs) {
      assert.deepEqual(wrong, [], `${name}: ${wrong.slice(0, 5).join('; ')}`);
      const unclear = [...errors.keys()].filter((error) => !CLEAR_ERRORS.has(error));
      assert.deepEqual(unclear, [], `${name}: ${unclear.join(', ')}`);
      assert.deepEqual(repeated(invoked), [], `${name}: calls that were made twice`);
      assert.deepEqual(repeated(events.map(({ n }) => n)), [], `${name}: events that came twice`);
      const last = new Map<string, number>();
      for (const { n, from, to } of events) {
        const between = `${from} to ${to}`;
        assert.ok(n > (last.get(between) ?? 0), `${name}: event ${n} came late, ${between}`);
        last.set(between, n);
      }
    }
  }

  /** Every acknowledged write, or the one that came after it, is on every one of these nodes, and the same on all. */
  async isKept(urls: readonly string[] = this.#urls): Promise<void> {
    await until('nodes have what was acknowledged', async () => {
      const found = await Promise.all(urls.map((url) => this.#retainedOn(url)));
      return this.pairs.flatMap(({ acknowledged }) =>
        [...acknowledged].flatMap(([topic, least]) => {
          const values = found.map((retained) => retained.get(topic) ?? 0);
          const isRight = values.every((value) => value >= least && value === values[0]);
          return isRight ? [] : [`${topic}: acknowledged ${least}, found ${values.join(', ')}`];
        }),
      );
    });
  }

  /** Each node knows exactly the procedures of these pairs. */
  async isRegistered(urls: readonly string[] = this.#urls, pairs = this.pairs): Promise<void> {
    const expected = pairs.map(({ procedure }) => procedure).sort();
    await until('nodes agree on procedures', async () => {
      const found = await Promise.all(urls.map(proceduresOn));
      return found.flatMap((procedures, i) =>
        procedures.join() === expected.join() ? [] : [`${urls[i]}: ${procedures.join(', ')}`],
      );
    });
  }

  get totals(): Readonly<Record<string, unknown>> {
    const sum = (of: (pair: Pair) => number): number =>
      this.pairs.reduce((all, pair) => all + of(pair), 0);
    const errors: Record<string, number> = {};
    for (const pair of this.pairs) {
      for (const [error, count] of pair.errors) errors[error] = (errors[error] ?? 0) + count;
    }
    return {
      pairs: this.pairs.length,
      results: sum(({ results }) => results),
      errors,
      cut: sum(({ cut }) => cut),
      acknowledged: sum(({ acknowledgedInOrder }) => acknowledgedInOrder.length),
      events: sum(({ events }) => events.length),
      sessions: sum(({ caller, callee }) => caller.sessions + callee.sessions),
    };
  }

  #retainedOn(url: string): Promise<ReadonlyMap<string, number>> {
    return ask(url, async (session) => {
      const found = new Map<string, number>();
      await session.subscribe(
        'com.pair',
        ([, n], _kwargs, { topic }) => void found.set(topic!, Number(n)),
        { match: 'prefix', get_retained: true },
      );
      // Answered behind what the first subscription brings.
      await session.subscribe('com.behind', () => {});
      return found;
    });
  }
}

async function proceduresOn(url: string): Promise<readonly string[]> {
  return ask(url, async (session) => {
    const { exact } = (await session.call('wamp.registration.list')) as { exact: number[] };
    const all = await Promise.all(
      exact.map((id) =>
        session.call('wamp.registration.get', [id]).then(
          (found) => [(found as { uri: string }).uri],
          (error: unknown) => {
            // Gone between the two questions.
            if (error instanceof autobahn.Error) return [];
            throw error;
          },
        ),
      ),
    );
    return all
      .flat()
      .filter((uri) => uri.startsWith('com.pair.'))
      .sort();
  });
}

/** Polls until nothing is wrong any more. */
export async function until(
  what: string,
  faults: () => readonly string[] | Promise<readonly string[]>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const wrong = await faults();
    if (wrong.length === 0) return;
    if (performance.now() > deadline) assert.fail(`not in time: ${what}\n${wrong.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function describe({ name, results, cut, errors, events, acknowledgedInOrder }: Pair): string {
  const failed = [...errors].map(([error, count]) => `${count} × ${error}`).join(', ');
  return `${name}: ${results} results, ${cut} cut, ${events.length} events, ${acknowledgedInOrder.length} acknowledged; ${failed}`;
}

function repeated(numbers: readonly number[]): readonly number[] {
  return numbers.filter((n, i) => numbers.indexOf(n) !== i);
}
