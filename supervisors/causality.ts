/** What the store here has seen, and who waits for what another's has: with the clock of this process and its anti-entropy. */
import { CausalBarrier, CausalHistory, EXCHANGES } from '../actors/store/api.ts';
import type { StoreState } from '../actors/store/api.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';

export interface Causality {
  readonly history: CausalHistory;
  readonly barrier: CausalBarrier;
}

/** Once per life of the process, like the state it listens to. */
export function causality(
  state: StoreState,
  node: { readonly pullAfterMs: number; kernel(): Kernel; count(counter: string): void },
): Causality {
  const barrier = new CausalBarrier(state, {
    pullAfterMs: node.pullAfterMs,
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs).unref();
      return () => clearTimeout(timer);
    },
    pull: (from) => {
      const exchanges = node.kernel().whereis(EXCHANGES);
      exchanges?.cast({ kind: 'exchange', ...(from !== undefined && { peer: from }) });
    },
    late: () => node.count('store_barriers_late'),
  });
  return { history: new CausalHistory(state), barrier };
}
