/**
 * The change of one row with all that goes with it: it is written beside the greatest stamp, watched if it is to be
 * forgotten one day, no longer in quarantine, and told to hooks and subscribers.
 */
import type { Stamp } from '../../runtime/causality/hlc.ts';
import { HybridClock } from '../../runtime/causality/hlc.ts';
import { resolve } from '../../runtime/causality/resolver.ts';
import type { Dot, Row } from '../../runtime/causality/row.ts';
import type { Change } from './api.ts';
import type { HookCalls } from './hook-calls.ts';
import type { RowKey } from './keys.ts';
import type { PartitionPort } from './port.ts';
import type { PrefixSpec } from './prefixes.ts';
import { resolverOf } from './prefixes.ts';
import type { Quarantine } from './quarantine.ts';
import type { Reaper } from './reaper.ts';
import type { RowStore, Written } from './row-store.ts';
import type { Stored } from './state.ts';

export class RowWriter {
  readonly #rows: RowStore;
  readonly #reaper: Reaper;
  readonly #quarantine: Quarantine;
  readonly #hooks: HookCalls;
  readonly #port: Pick<PartitionPort, 'wallMs'>;
  #hlc: HybridClock;

  constructor(
    rows: RowStore,
    reaper: Reaper,
    quarantine: Quarantine,
    hooks: HookCalls,
    port: Pick<PartitionPort, 'wallMs'>,
  ) {
    this.#rows = rows;
    this.#reaper = reaper;
    this.#quarantine = quarantine;
    this.#hooks = hooks;
    this.#port = port;
    this.#hlc = new HybridClock(() => port.wallMs());
  }

  /** Of this partition: what it has given or seen is on disk with each row. */
  get hlc(): HybridClock {
    return this.#hlc;
  }

  startFrom(lastStamp: Stamp): void {
    this.#hlc = new HybridClock(() => this.#port.wallMs(), lastStamp);
  }

  /** By what a peer says. */
  replace(
    spec: PrefixSpec,
    rowKey: RowKey,
    stored: Stored | undefined,
    after: Row | undefined,
    dots: readonly Dot[],
    written: () => void,
  ): void {
    const before = stored && resolve(stored.row, resolverOf(spec));
    this.write(rowKey, stored, after, dots, spec.isSynced !== false, written);
    this.announce(spec, rowKey, after, before, 'remote');
  }

  /** To be announced, unless its value stays what it was. */
  write(
    rowKey: RowKey,
    stored: Stored | undefined,
    after: Row | undefined,
    dots: readonly Dot[],
    isSynced: boolean,
    written: Written,
  ): Uint8Array | undefined {
    this.#reaper.changed(rowKey, after);
    const options = { lastStamp: this.#hlc.last, isSynced };
    return this.#rows.write(rowKey, stored, after, dots, options, written);
  }

  announce(
    spec: PrefixSpec,
    rowKey: RowKey,
    after: Row | undefined,
    before: Uint8Array | undefined,
    source: Change['source'],
  ): void {
    this.#quarantine.delete(rowKey);
    this.#hooks.announce(spec, rowKey, after && resolve(after, resolverOf(spec)), before, source);
  }
}
