/** The hooks of prefixes, called so that one that throws harms its row and nothing else; and the stream of changes. */
import { resolve } from '../../runtime/causality/resolver.ts';
import type { Row } from '../../runtime/causality/row.ts';
import type { Change } from './api.ts';
import type { RowKey } from './keys.ts';
import { keyOf } from './keys.ts';
import type { PartitionPort } from './port.ts';
import type { PrefixSpec } from './prefixes.ts';
import { resolverOf } from './prefixes.ts';
import type { Quarantine } from './quarantine.ts';

export class HookCalls {
  readonly #quarantine: Quarantine;
  readonly #port: Pick<PartitionPort, 'count' | 'changed'>;

  constructor(quarantine: Quarantine, port: Pick<PartitionPort, 'count' | 'changed'>) {
    this.#quarantine = quarantine;
    this.#port = port;
  }

  mayMerge(spec: PrefixSpec, rowKey: RowKey, remote: Row, local: Row | undefined): boolean {
    const { hooks } = spec;
    if (hooks?.willMerge === undefined) return true;
    const resolver = resolverOf(spec);
    try {
      const [theirs, ours] = [resolve(remote, resolver), local && resolve(local, resolver)];
      if (hooks.willMerge(keyOf(rowKey), theirs, ours)) return true;
      this.#port.count('store_rows_vetoed');
      this.#quarantine.add(rowKey, 'will_merge refused it');
    } catch (error) {
      this.#threw(rowKey, error);
    }
    return false;
  }

  /** Hooks, then subscribers: after everything has changed. */
  announce(
    { name, hooks }: PrefixSpec,
    rowKey: RowKey,
    value: Uint8Array | undefined,
    before: Uint8Array | undefined,
    source: Change['source'],
  ): void {
    const key = keyOf(rowKey);
    try {
      if (source === 'remote') hooks?.onMerge?.(key, value, before);
      else if (value === undefined) hooks?.onDelete?.(key, before);
      else hooks?.onUpdate?.(key, value, before);
    } catch (error) {
      this.#threw(rowKey, error);
    }
    this.#port.changed({ kind: 'store_change', prefix: name, key, value, before, source });
  }

  #threw(rowKey: RowKey, error: unknown): void {
    this.#port.count('store_hooks_threw');
    this.#quarantine.add(rowKey, `a hook threw: ${String(error)}`);
  }
}
