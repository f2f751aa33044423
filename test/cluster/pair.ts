/**
 * Two clients that never rest: one calls and publishes on its node, the other answers and listens on another. It records
 * what it was promised and what came, so that a test can tell afterwards what a restart, a split or a crash has cost.
 */
import type { Session } from 'autobahn';
import { LastingClient } from './client.ts';
import type { Joined } from './client.ts';

/** Topics each pair keeps a retained event in. */
export const KEPT_TOPICS = 20;
/** Answered at all, on a connection that stays: far beyond every time limit of a node, because machines of tests are busy. */
const ANSWER_MS = 120_000;
const PACE_MS = 5;

export interface Event {
  readonly n: number;
  /** The session it was published by, and the one it came to: order is promised between these. */
  readonly from: number;
  readonly to: number;
}

export class Pair {
  readonly name: string;
  readonly caller: LastingClient;
  readonly callee: LastingClient;
  results = 0;
  /** Calls whose own connection ended first: nobody can answer those. */
  cut = 0;
  readonly errors = new Map<string, number>();
  /** What must not be: answers that never came, or that answer something else. */
  readonly wrong: string[] = [];
  readonly invoked: number[] = [];
  readonly events: Event[] = [];
  /** Published with `acknowledge`, by topic: the last that was acknowledged. */
  readonly acknowledged = new Map<string, number>();
  readonly acknowledgedInOrder: number[] = [];
  #lastPublished = 0;
  #lastCall = 0;
  #isStopping = false;
  #loops: readonly Promise<void>[] = [];

  constructor(name: string, callerUrl: string, calleeUrl: string) {
    this.name = name;
    this.callee = new LastingClient(calleeUrl, (session) => this.#serve(session));
    this.caller = new LastingClient(callerUrl);
  }

  get procedure(): string {
    return `com.pair.${this.name}.echo`;
  }

  /** Prefix of its topics. */
  get kept(): string {
    return `com.pair.${this.name}.kept`;
  }

  start(): void {
    this.#isStopping = false;
    this.#loops = [
      this.#repeat((joined) => this.#call(joined)),
      this.#repeat((joined) => this.#call(joined)),
      this.#repeat((joined) => this.#publish(joined)),
    ];
  }

  /** Nothing new; resolves when what was under way has its answer. The callee still listens. */
  async quiet(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#loops);
  }

  stop(): void {
    this.#isStopping = true;
    this.caller.stop();
    this.callee.stop();
  }

  async #serve(session: Session): Promise<void> {
    const to = session.id;
    await session.subscribe(
      this.kept,
      ([from, n]) => void this.events.push({ n: Number(n), from: Number(from), to }),
      { match: 'prefix' },
    );
    await session.register(
      this.procedure,
      ([n]) => {
        this.invoked.push(Number(n));
        return n;
      },
      { force_reregister: true },
    );
  }

  async #repeat(act: (joined: Joined) => Promise<void>): Promise<void> {
    while (!this.#isStopping) {
      const joined = await this.caller.joined();
      if (joined === undefined) return;
      // Said GOODBYE: another session is coming.
      await (joined.session.isOpen ? act(joined) : joined.ended);
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  }

  async #call({ session, ended }: Joined): Promise<void> {
    const n = ++this.#lastCall;
    const answer = session.call(this.procedure, [n]).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const outcome = await within(ANSWER_MS, answer, ended);
    if (outcome === 'late') return this.#never(`call ${n} of ${session.id}`, answer);
    if (outcome === undefined) return void this.cut++;
    if ('error' in outcome) return this.#failed('call', outcome.error);
    this.results += 1;
    if (outcome.value !== n) this.wrong.push(`call ${n} got ${String(outcome.value)}`);
  }

  async #publish({ session, ended }: Joined): Promise<void> {
    const n = ++this.#lastPublished;
    const topic = `${this.kept}.${n % KEPT_TOPICS}`;
    const options = { acknowledge: true, retain: true };
    const published = session.publish(topic, [session.id, n], {}, options).then(
      () => 'acknowledged' as const,
      (error: unknown) => ({ error }),
    );
    const outcome = await within(ANSWER_MS, published, ended);
    if (outcome === 'late') return this.#never(`publication ${n} of ${session.id}`, published);
    if (outcome === undefined) return;
    if (outcome !== 'acknowledged') return this.#failed('publish', outcome.error);
    this.acknowledged.set(topic, n);
    this.acknowledgedInOrder.push(n);
  }

  #never(what: string, answer: Promise<unknown>): void {
    const i = this.wrong.push(`${new Date().toISOString()} ${what} is not answered`) - 1;
    void answer.then((outcome) => (this.wrong[i] += `, later ${JSON.stringify(outcome)}`));
  }

  #failed(what: string, failure: unknown): void {
    const uri = isFailure(failure) ? failure.error : String(failure);
    const key = `${what}: ${uri}`;
    this.errors.set(key, (this.errors.get(key) ?? 0) + 1);
  }
}

const isFailure = (value: unknown): value is { readonly error: string } =>
  typeof value === 'object' && value !== null && 'error' in value;

/** Undefined: the session ended first. */
async function within<T>(
  ms: number,
  answer: Promise<T>,
  ended: Promise<void>,
): Promise<T | 'late' | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late');
  });
  try {
    return await Promise.race([answer, ended.then(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
