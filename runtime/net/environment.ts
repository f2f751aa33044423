/** What all transports of a process share. Made once, at the top. */
import type { Codec } from '../wamp/codec.ts';
import type { SerializerId } from '../wamp/message.ts';
import { Admission } from './admission.ts';
import { BacklogBudget } from './backlog-budget.ts';
import { BufferPool } from './buffer-pool.ts';
import { FlushList } from './flush-list.ts';

export type NetLevel = 'debug' | 'info' | 'warn' | 'error';

export interface NetEnvironment {
  readonly codecs: Readonly<Record<SerializerId, Codec>>;
  readonly pool: BufferPool;
  /** `flushes.flushAll` belongs at the end of every turn. */
  readonly flushes: FlushList;
  /** What all connections together may leave unread. */
  readonly backlog: BacklogBudget;
  /** The places of each listener, by its name. A listener that restarts finds its own again. */
  readonly admissions: ReadonlyMap<string, Admission>;
  admission(listener: string): Admission;
  /** A number no other connection of this process has. */
  nextConnectionId(): number;
  /** Everything refused, violated or cut has a counter. */
  count(counter: string, by?: number): void;
  log(level: NetLevel, event: string, fields: Record<string, unknown>): void;
}

export function createNetEnvironment(parts: {
  readonly codecs: Readonly<Record<SerializerId, Codec>>;
  count(counter: string, by?: number): void;
  log(level: NetLevel, event: string, fields: Record<string, unknown>): void;
  /** Unread bytes of all connections at which the slowest are cut. Default: no limit. */
  readonly maxBacklogBytes?: () => number;
}): NetEnvironment {
  let last = 0;
  const admissions = new Map<string, Admission>();
  return {
    codecs: parts.codecs,
    pool: new BufferPool(),
    flushes: new FlushList(),
    backlog: new BacklogBudget(parts.maxBacklogBytes ?? (() => Infinity)),
    admissions,
    admission(listener) {
      const known = admissions.get(listener) ?? new Admission();
      admissions.set(listener, known);
      return known;
    },
    nextConnectionId: () => ++last,
    count: parts.count,
    log: parts.log,
  };
}
