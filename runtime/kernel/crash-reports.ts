/** The last crashes, newest last: enough to find the cause, never a payload. */
import type { ExitReason } from './actor.ts';
import type { CrashReport } from './kernel.ts';
import type { Process } from './process.ts';

export class CrashReports {
  readonly #limit: number;
  readonly #reports: CrashReport[] = [];
  #sequence = 0;

  constructor(limit: number) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new RangeError(`crash reports kept must be a positive integer, not ${limit}`);
    }
    this.#limit = limit;
  }

  add(at: number, process: Process, reason: ExitReason, lastMessage: unknown): CrashReport {
    const report: CrashReport = {
      sequence: ++this.#sequence,
      at,
      path: process.path,
      pid: process.pid,
      reason: reasonText(reason),
      stack: reason.kind === 'error' ? reason.error.stack : undefined,
      lastMessage: kindOf(lastMessage),
    };
    this.#reports.push(report);
    if (this.#reports.length > this.#limit) this.#reports.shift();
    return report;
  }

  get all(): readonly CrashReport[] {
    return [...this.#reports];
  }
}

/** An exit reason in one line: `normal`, `shutdown/reached_max_restart_intensity`, `error: no such file`. */
export function reasonText(reason: ExitReason): string {
  if (reason.kind === 'error') return `error: ${reason.error.message}`;
  if (reason.kind === 'shutdown' && reason.detail !== undefined) return `shutdown/${reason.detail}`;
  return reason.kind;
}

function kindOf(message: unknown): string | undefined {
  if (message === undefined) return undefined;
  if (message === null || !/object|function/.test(typeof message)) return typeof message;
  const { kind, type } = message as { kind?: unknown; type?: unknown };
  const named = kind ?? type;
  return typeof named === 'string' || typeof named === 'number' ? String(named) : typeof message;
}
