/**
 * What a node tells Prometheus. Nothing is computed until somebody scrapes: counters are plain numbers
 * (counters.ts), gauges are callbacks. Names get the prefix `bondy_` here and nowhere else.
 */
import { collectDefaultMetrics, Counter as PromCounter, Gauge, Registry } from 'prom-client';
import { Counters } from './counters.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One value, or one per combination of labels. */
export type Collected = number | readonly Sample[];

/** Called at each scrape, all of them in one turn; must not throw or reject. */
export type Collect = () => Collected | Promise<Collected>;

export interface MetricsOptions {
  /** What the exported `# HELP` line says about a counter, by its name without prefix and suffix. */
  readonly counterHelp?: Readonly<Record<string, string>>;
  /** Process, garbage collector and event loop delay. Default true; tests of the text turn it off. */
  readonly processMetrics?: boolean;
}

/** Series one metric may have: a scrape must stay readable when a label takes many values. */
const MAX_SERIES = 1_000;

const PREFIX = 'bondy_';

export class Metrics {
  readonly counters = new Counters();
  readonly #registry = new Registry();
  readonly #counterHelp: Readonly<Record<string, string>>;
  readonly #exported = new Map<string, PromCounter<string>>();

  constructor(options: MetricsOptions = {}) {
    this.#counterHelp = options.counterHelp ?? {};
    for (const name of Object.keys(this.#counterHelp)) this.counters.counter(name);
    // Includes monitorEventLoopDelay as nodejs_eventloop_lag_*; none of it keeps the process alive.
    if (options.processMetrics ?? true) collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** `bondy_<name>`: a value that goes up and down. Throws when the name is taken. */
  gauge(name: string, help: string, collect: Collect, labelNames: readonly string[] = []): void {
    const record = this.#record.bind(this);
    new Gauge({
      name: PREFIX + name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      async collect() {
        const collected = await collect();
        this.reset(); // after the wait, or two scrapes at once would add up
        if (labelNames.length === 0) this.remove(); // reset means 0 to it, and there may be no sample
        record(collected, (labels, value) => this.set(labels, value));
      },
    });
  }

  /** `bondy_<name>_total`: a value that only grows and that somebody else keeps. */
  total(name: string, help: string, collect: Collect, labelNames: readonly string[] = []): void {
    const record = this.#record.bind(this);
    new PromCounter({
      name: `${PREFIX}${name}_total`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      async collect() {
        const collected = await collect();
        this.reset();
        record(collected, (labels, value) => this.inc(labels, value));
      },
    });
  }

  /** The exposition text of everything. Rejects when a callback throws. */
  async text(): Promise<string> {
    for (const { name } of this.counters.all()) this.#export(name);
    return this.#registry.metrics();
  }

  /** Every metric of the node itself (not of the process), for the docs; calls no callback. */
  describe(): readonly { readonly name: string; readonly help: string }[] {
    for (const { name } of this.counters.all()) this.#export(name);
    return this.#registry
      .getMetricsAsArray()
      .filter(({ name }) => name.startsWith(PREFIX))
      .map(({ name, help }) => ({ name, help }));
  }

  #export(name: string): void {
    if (this.#exported.has(name)) return;
    const counter = this.counters.counter(name);
    const exported = new PromCounter({
      name: `${PREFIX}${name}_total`,
      help: this.#counterHelp[name] ?? `Times ${name.replaceAll('_', ' ')} was counted.`,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(counter.value);
      },
    });
    this.#exported.set(name, exported);
  }

  #record(
    collected: Collected,
    set: (labels: Record<string, string>, value: number) => void,
  ): void {
    if (typeof collected === 'number') return set({}, collected);
    for (const { labels, value } of collected.slice(0, MAX_SERIES)) set({ ...labels }, value);
    if (collected.length > MAX_SERIES) {
      this.counters.count('metric_series_left_out', collected.length - MAX_SERIES);
    }
  }
}
