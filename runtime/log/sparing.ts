/**
 * Lines that come by the thousand when something is broken (a damaged row each): some of each event per period are
 * written, and the next one that is says how many were not. What happened is counted in /metrics, line or no line.
 */
import type { LogFields } from './logger.ts';

type Say = (event: string, fields: LogFields) => void;

export interface SparingConfig {
  /** Lines of one event per period. Low: the example that would have helped is missing. */
  readonly lines: number;
  readonly periodMs: number;
}

export const DEFAULT_SPARING: SparingConfig = { lines: 20, periodMs: 10_000 };

interface Period {
  since: number;
  said: number;
  unsaid: number;
}

/** `now` is monotonic, ms. Events are names from the code, so that there are few. */
export function sparing(say: Say, now: () => number, config = DEFAULT_SPARING): Say {
  const periods = new Map<string, Period>();
  return (event, fields) => {
    const at = now();
    const period = periods.get(event) ?? { since: at, said: 0, unsaid: 0 };
    periods.set(event, period);
    if (at - period.since >= config.periodMs) [period.since, period.said] = [at, 0];
    if (period.said >= config.lines) {
      period.unsaid++;
      return;
    }
    const { unsaid } = period;
    period.said++;
    period.unsaid = 0;
    say(event, unsaid === 0 ? fields : { ...fields, unsaid });
  };
}
