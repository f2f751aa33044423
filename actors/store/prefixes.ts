/**
 * Prefixes: families of rows with a place to live, a rule for concurrent writes, and hooks. Declared by the subsystem that
 * owns the rows; rows of a prefix that this node does not know (a newer version's) are kept on disk, so that nothing is
 * lost in passing through it.
 */
import type { Resolver } from '../../runtime/causality/resolver.ts';
import { LWW } from '../../runtime/causality/resolver.ts';
import { isPrefix } from './keys.ts';

/**
 * `ram`: gone when the node ends, fetched from peers when it starts. `ram_disk`: on disk, read from memory. `disk`: read
 * from disk.
 */
export type PrefixType = 'ram' | 'ram_disk' | 'disk';

/** The two databases of a partition: what survives the process, and what does not. */
export type Lane = 'durable' | 'ram';

export interface PrefixSpec {
  readonly name: string;
  readonly type: PrefixType;
  /** Default: last write wins. The same on all nodes. */
  readonly resolver?: Resolver;
  /** False: a put is acknowledged before it is on disk. Default true. */
  readonly isSynced?: boolean;
  readonly hooks?: Hooks;
}

/** Called in the partition's turn: short, and a throw quarantines the row. Values are as resolved; undefined: none. */
export interface Hooks {
  /** False: the peer's row is not taken in. Must say the same on every node, or replicas stay apart. */
  willMerge?(key: string, remote: Uint8Array | undefined, local: Uint8Array | undefined): boolean;
  /** A peer's row changed what is here. */
  onMerge?(key: string, value: Uint8Array | undefined, before: Uint8Array | undefined): void;
  onUpdate?(key: string, value: Uint8Array, before: Uint8Array | undefined): void;
  onDelete?(key: string, before: Uint8Array | undefined): void;
}

export class Prefixes {
  readonly #specs = new Map<string, PrefixSpec>();

  constructor(specs: Iterable<PrefixSpec> = []) {
    for (const spec of specs) this.declare(spec);
  }

  /** Before the store starts. Throws for a name that cannot be, or is taken. */
  declare(spec: PrefixSpec): void {
    if (!isPrefix(spec.name)) throw new Error(`prefix "${spec.name}" is not a-z, 0-9, _ and .`);
    if (this.#specs.has(spec.name)) throw new Error(`prefix "${spec.name}" is declared twice`);
    this.#specs.set(spec.name, spec);
  }

  find(name: string): PrefixSpec | undefined {
    return this.#specs.get(name);
  }

  get(name: string): PrefixSpec {
    return this.#specs.get(name) ?? { name, type: 'disk' };
  }

  names(): readonly string[] {
    return [...this.#specs.keys()];
  }
}

export function laneOf({ type }: PrefixSpec): Lane {
  return type === 'ram' ? 'ram' : 'durable';
}

export function isInMemory({ type }: PrefixSpec): boolean {
  return type !== 'disk';
}

export function resolverOf({ resolver }: PrefixSpec): Resolver {
  return resolver ?? LWW;
}
