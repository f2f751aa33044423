/**
 * A node whose name another living node bears is let in by nobody, and would serve its clients alone without anybody's
 * noticing: `/ready` says so. Who has a link to one other node is not that node, whoever else came under its name.
 */
import type { DialBoard, DialRow } from '../actors/links/dial-board.ts';
import type { NodeId } from '../runtime/causality/identity.ts';

export interface NameSources {
  readonly network: { readonly self: NodeId; connected(): readonly NodeId[] };
  readonly board: Pick<DialBoard, 'entries'>;
}

export function nameProblems({ network, board }: NameSources): readonly string[] {
  if (network.connected().length > 0) return [];
  const { name } = network.self;
  // A third node tells which of us it knows. Two that know nobody else refuse each other at the first word, before either
  // has said a name to the other, and both say so: neither can tell which of them is the wrong one.
  const refuser = [...board.entries()].find(([, row]) => row.name !== name && knowsAnother(row));
  if (refuser === undefined) return [];
  const [id, row] = refuser;
  const by = row.name ?? id;
  const problem = `${row.problem!.reason}: ${by} knows another living node called ${name}`;
  return [`${problem}: set node.name to one of its own, or stop the other node`];
}

function knowsAnother({ problem }: DialRow): boolean {
  if (problem?.by !== 'peer') return false;
  return problem.reason === 'same_name' || problem.reason === 'stale_incarnation';
}
