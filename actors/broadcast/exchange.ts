/**
 * The backstop: now and then two nodes compare what they have seen, and each supplies what the other lacks and it still
 * keeps. Every peer in turn (a random one is met every N ticks on average only), and a new neighbour at once. What nobody
 * keeps any more is the business of the store's anti-entropy; here it is counted.
 *
 *     A: digest →   B: supply … , want what only A has, more when that was not all →   A: supply … , more
 */
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import type { BroadcastConfig } from './config.ts';
import type { History } from './history.ts';
import type { Ids, Payload } from './message.ts';
import type { BroadcastPort } from './port.ts';
import type { Ranges } from './ranges.ts';
import { countOf, includes, subtract } from './ranges.ts';

/** Comparisons asked for by one peer between two lazy ticks. */
const MAX_ANSWERS_PER_TICK = 50;
/** An exchange with a new neighbour is started at most this often. */
const MIN_INTERVAL_MS = 1_000;

interface Series {
  rounds: number;
  /** New payloads since the last digest: without any, another round brings nothing either. */
  recovered: number;
}

export class Exchange {
  readonly #self: string;
  readonly #config: BroadcastConfig;
  readonly #history: History;
  readonly #port: BroadcastPort;
  readonly #random: RandomSource;
  /** Peers not yet compared with in this round. */
  #turn: string[] = [];
  readonly #series = new Map<string, Series>();
  readonly #answered = new Map<string, number>();
  #startedAt = -Infinity;

  constructor(
    self: string,
    history: History,
    config: BroadcastConfig,
    port: BroadcastPort,
    random: RandomSource,
  ) {
    this.#self = self;
    this.#config = config;
    this.#history = history;
    this.#port = port;
    this.#random = random;
  }

  /** The next peer's turn. */
  onTick(connected: readonly string[], now: number): void {
    this.#series.clear();
    const present = new Set(connected);
    this.#turn = this.#turn.filter((peer) => present.has(peer));
    if (this.#turn.length === 0) this.#turn = shuffle(connected, this.#random);
    const peer = this.#turn.pop();
    if (peer !== undefined) this.#compareWith(peer, now);
  }

  /**
   * New neighbours, perhaps from the other side of a healed partition: one is compared with at once. Of two that meet,
   * the lower name asks; what the other gets it announces, so those whom nobody asks are served too.
   */
  onNeighbours(added: readonly string[], now: number): void {
    if (this.#config.exchangeTickMs === 0) return;
    const higher = added.filter((peer) => peer > this.#self);
    if (higher.length === 0 || now - this.#startedAt < MIN_INTERVAL_MS) return;
    this.#compareWith(higher[this.#random.integer(0, higher.length - 1)]!, now);
  }

  onLazyTick(): void {
    this.#answered.clear();
  }

  onDigest(from: string, digest: readonly Ids[]): void {
    const answers = (this.#answered.get(from) ?? 0) + 1;
    if (answers > MAX_ANSWERS_PER_TICK) return this.#port.count('broadcast_exchange_refused');
    this.#answered.set(from, answers);
    const theirs = new Map(digest.map(({ origin, ranges }) => [origin, ranges]));
    const lacking = this.#lackedBy(theirs);
    const wanted = digest
      .map(({ origin, ranges }) => ({
        origin,
        ranges: subtract(ranges, this.#history.seen.of(origin)),
      }))
      .filter(({ ranges }) => ranges.length > 0);
    if (lacking.size > 0) this.#supply(from, lacking);
    if (wanted.length > 0) this.#port.send([from], { kind: 'want', ids: wanted });
  }

  onWant(from: string, ids: readonly Ids[]): void {
    this.#supply(from, new Map(ids.map(({ origin, ranges }) => [origin, ranges])));
  }

  onSupplied(from: string): void {
    this.#port.count('broadcast_exchange_recovered');
    this.#seriesOf(from).recovered++;
  }

  onMore(from: string, now: number): void {
    const { rounds, recovered } = this.#seriesOf(from);
    if (rounds > 0 && recovered === 0) return;
    if (rounds >= this.#config.exchangeRounds) return;
    this.#compareWith(from, now);
  }

  forgetPeer(peer: string): void {
    this.#series.delete(peer);
    this.#answered.delete(peer);
  }

  #compareWith(peer: string, now: number): void {
    const series = this.#seriesOf(peer);
    series.rounds++;
    series.recovered = 0;
    this.#startedAt = now;
    this.#port.count('broadcast_exchanges');
    this.#port.send([peer], { kind: 'digest', ids: this.#history.seen.digest(now) });
  }

  /** What this node has seen and a peer with this digest has not; origins nobody speaks for any more left out. */
  #lackedBy(theirs: ReadonlyMap<string, Ranges>): Map<string, Ranges> {
    const lacking = new Map<string, Ranges>();
    for (const { payload } of this.#history.cache.values()) {
      const { origin } = payload;
      if (lacking.has(origin)) continue;
      lacking.set(origin, subtract(this.#history.seen.of(origin), theirs.get(origin) ?? []));
    }
    for (const [origin, ranges] of lacking) if (ranges.length === 0) lacking.delete(origin);
    return lacking;
  }

  /** Sends what is kept of `ids`, as much as one exchange may. */
  #supply(to: string, ids: ReadonlyMap<string, Ranges>): void {
    const { exchangePayloads, exchangeBytes } = this.#config;
    const supplied: Payload[] = [];
    let bytes = 0;
    let isCut = false;
    for (const { payload } of this.#history.cache.values()) {
      if (!includes(ids.get(payload.origin) ?? [], payload.sequence)) continue;
      isCut = supplied.length >= exchangePayloads || bytes >= exchangeBytes;
      if (isCut) break;
      supplied.push(payload);
      bytes += payload.bytes.length;
    }
    for (const payload of supplied) this.#port.send([to], { kind: 'supply', payload });
    this.#port.count('broadcast_exchange_supplied', supplied.length);
    if (isCut) {
      this.#port.count('broadcast_exchange_truncated');
      this.#port.send([to], { kind: 'more' });
    } else {
      const asked = [...ids.values()].reduce((sum, ranges) => sum + countOf(ranges), 0);
      this.#port.count('broadcast_exchange_out_of_reach', Math.min(asked - supplied.length, 1e9));
    }
  }

  #seriesOf(peer: string): Series {
    let series = this.#series.get(peer);
    if (series === undefined) this.#series.set(peer, (series = { rounds: 0, recovered: 0 }));
    return series;
  }
}

/** Fisher-Yates. */
function shuffle(items: readonly string[], random: RandomSource): string[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}
