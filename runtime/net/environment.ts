/** What all transports of a process share. Made once, at the top. */
import type { Codec } from '../wamp/codec.ts';
import type { SerializerId } from '../wamp/message.ts';
import { BufferPool } from './buffer-pool.ts';
import { FlushList } from './flush-list.ts';

export type NetLevel = 'debug' | 'info' | 'warn' | 'error';

export interface NetEnvironment {
  readonly codecs: Readonly<Record<SerializerId, Codec>>;
  readonly pool: BufferPool;
  /** `flushes.flushAll` belongs at the end of every turn. */
  readonly flushes: FlushList;
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
}): NetEnvironment {
  let last = 0;
  return {
    codecs: parts.codecs,
    pool: new BufferPool(),
    flushes: new FlushList(),
    nextConnectionId: () => ++last,
    count: parts.count,
    log: parts.log,
  };
}
