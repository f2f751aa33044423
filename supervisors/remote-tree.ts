/** The tree of another node, asked through this one, and what is said when it does not come. */
import type { OperationOutcome } from '../actors/admin/operations.ts';
import { refused } from '../actors/admin/operations.ts';
import type { TreeQuestion } from '../actors/admin/tree-exchange.ts';
import { INSPECTOR, plainQuestion, readTree } from '../actors/admin/tree-exchange.ts';
import type { RemoteDownReason, RemoteMessage, RemoteOutcome } from '../actors/links/api.ts';
import { REMOTE } from '../actors/links/api.ts';
import { isMember } from '../actors/membership/member.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';
import { ask, unknownNode } from './cluster-operations.ts';
import type { ClusterParts } from './cluster-parts.ts';

/** Below the patience of `bondy tree`. */
const TIMEOUT_MS = 3_000;

export function remoteTree(kernel: () => Kernel, own: ClusterParts) {
  return (
    node: string,
    question: TreeQuestion,
    answer: (outcome: OperationOutcome) => void,
  ): void => {
    const member = own.roster.view?.member(node);
    if (member === undefined || !isMember(member)) return answer(unknownNode(own, node));
    const to = { node, name: INSPECTOR.name };
    const body = plainQuestion(question);
    ask<RemoteMessage, RemoteOutcome>(
      kernel(),
      REMOTE,
      (reply) => ({ kind: 'call', to, body, timeoutMs: TIMEOUT_MS, reply }),
      TIMEOUT_MS + 500,
    ).then(
      (outcome) => answer(read(node, outcome)),
      () => answer(refused(503, 'stopping', 'This node is stopping.')),
    );
  };
}

function read(node: string, outcome: RemoteOutcome | undefined): OperationOutcome {
  if (outcome === undefined || outcome.kind === 'timeout') {
    return refused(504, 'timeout', `${node} did not show its tree within ${TIMEOUT_MS / 1000} s.`);
  }
  if (outcome.kind === 'down')
    return refused(502, outcome.reason, `${node} ${WHY[outcome.reason]}.`);
  if (outcome.value === 'too_large') {
    const message = `The tree of ${node} is too large for one answer: ask for fewer levels (--depth).`;
    return refused(413, 'too_large', message);
  }
  const tree = readTree(outcome.value);
  if (tree !== undefined) return { kind: 'done', report: tree };
  return refused(502, 'malformed', `${node} answered with something that is no tree.`);
}

const WHY: Readonly<Record<RemoteDownReason, string>> = {
  node_down: 'has no link to this node now',
  noproc: 'shows no tree: its version may be older, or that part of it is being restarted',
  refused: 'did not understand the question, or is asked by too many at once',
  overloaded: 'cannot be asked now: too much waits to be sent to it',
  ended: 'restarted while it was asked: try again',
};
