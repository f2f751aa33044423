/** Which acknowledged writes may be gone because everybody who had them lost their memory or their disk. */
import { rowKeyOf } from '../../actors/store/keys.ts';
import type { Attempt, History } from './history.ts';
import type { SimNode } from './node.ts';

/** Rows of this prefix are not in memory. */
const ON_DISK = 'history';

/** To be called before `node` crashes. `ram` rows go with a process, all rows with a disk. */
export function forgetWith(
  history: History,
  nodes: readonly SimNode[],
  node: SimNode,
  kind: 'process' | 'power' | 'disk',
): void {
  const others = nodes.filter((other) => other !== node);
  for (const write of history.attempts) {
    if (write.outcome?.kind !== 'stored') continue;
    if (kind === 'disk' && write.node === node.name) write.isOrphan = true;
    const isInMemory = write.prefix === 'presence';
    const isAtRisk = kind === 'disk' || isInMemory || (kind === 'power' && write.isOrphan);
    if (!isAtRisk) continue;
    if (!others.some((other) => has(other, write, isInMemory))) write.isExcused = true;
  }
}

/**
 * A node that is down has what its disk had; one without power may have less, so nobody counts on it. A clock alone is no
 * proof: the dots that a life took with it count as seen by all, so that nobody waits for them.
 */
function has(node: SimNode, { outcome, prefix, key }: Attempt, isInMemory: boolean): boolean {
  if (outcome?.kind !== 'stored' || (!node.isUp && (isInMemory || node.hasLostPower))) return false;
  const { partition, ...dot } = outcome.dot;
  const { rows, clock } = node.life.state.partitions[partition]!;
  if (prefix === ON_DISK) return clock.covers(dot);
  const entries = rows.get(rowKeyOf(prefix, key))?.row.entries ?? [];
  return entries.some(({ actor, counter }) => actor === dot.actor && counter >= dot.sequence);
}
