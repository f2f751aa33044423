/** What the soak tests measure and how they wait for what must come. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { NodeProcess } from './node-process.ts';

const MB = 1024 * 1024;

/** Asks until it is so; fails with `what` after `timeoutMs`. */
export async function until(
  what: string,
  timeoutMs: number,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    assert(performance.now() < deadline, `within ${timeoutMs} ms: ${what}`);
    await delay(50);
  }
}

/** Memory of the node over time, a sample each `everyMs`. */
export class Memory {
  readonly samples: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(t: TestContext, node: NodeProcess, everyMs = 100) {
    t.after(() => void this.stop());
    this.#timer = setInterval(() => this.samples.push(node.rss), everyMs);
  }

  stop(): this {
    clearInterval(this.#timer);
    return this;
  }

  get peakMb(): number {
    return Math.round(Math.max(...this.samples) / MB);
  }

  /** Medians of the three thirds of the time, MB. */
  get thirdsMb(): readonly [number, number, number] {
    const third = Math.floor(this.samples.length / 3);
    const of = (at: number): number =>
      Math.round(median(this.samples.slice(at * third, (at + 1) * third)) / MB);
    return [of(0), of(1), of(2)];
  }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}

/** Round trips of a well-behaved client while something else goes on, ms; fails when one takes seconds. */
export async function callLatencies(
  t: TestContext,
  node: NodeProcess,
  isOver: () => boolean,
): Promise<readonly number[]> {
  const [callee, caller] = [await node.join(t), await node.join(t)];
  await callee.register('soak.probe');
  const latencies: number[] = [];
  while (!isOver()) {
    const at = performance.now();
    const request = caller.request(48, {}, 'soak.probe');
    await callee.answer();
    await caller.expectReply(50, request);
    latencies.push(performance.now() - at);
    await delay(5);
  }
  callee.destroy();
  caller.destroy();
  return latencies;
}

export function report(t: TestContext, what: string, latencies: readonly number[]): void {
  const ms = (q: number): string => quantile(latencies, q).toFixed(1);
  t.diagnostic(
    `${what}: ${latencies.length} calls, p50 ${ms(0.5)} ms, p99 ${ms(0.99)} ms, most ${ms(1)} ms`,
  );
}
