/** Join, leave and remove at an operator's word: asked of membership, watched until they are done, told in sentences. */
import type { OperationOutcome } from '../actors/admin/operations.ts';
import { refused } from '../actors/admin/operations.ts';
import type { DialProblem, LinkInfo, LinksMessage, PeerAddress } from '../actors/links/api.ts';
import { LINKS } from '../actors/links/api.ts';
import type {
  Member,
  MembershipInfo,
  MembershipMessage,
  Out,
  RemoveOutcome,
} from '../actors/membership/api.ts';
import { MEMBERSHIP } from '../actors/membership/api.ts';
import { isMember, isUp } from '../actors/membership/member.ts';
import { nearest } from '../runtime/config/nearest.ts';
import type { Name, ReplyTo } from '../runtime/kernel/actor.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';
import type { ClusterParts } from './cluster-parts.ts';

/** Beyond what a dial and a handshake may take, with room for a roster that is being gossiped. */
const JOIN_MS = 15_000;
const POLL_MS = 50;
const ANSWER_MS = 5_000;
const LEAVE_MS = 15_000;

/** Done when the roster of whoever has this address is part of ours. */
export async function join(
  kernel: Kernel,
  own: ClusterParts,
  address: PeerAddress,
): Promise<OperationOutcome> {
  const where = textOf(address);
  const membership = kernel.whereis(MEMBERSHIP);
  if (membership === undefined) return restarting();
  if (own.addresses.some((each) => textOf(each) === where)) return itself(where);
  const before = await info(kernel);
  if (before?.out !== undefined) return isOut(before.out);
  const rowBefore = rowOf(await links(kernel), address);
  membership.cast({ kind: 'join', address });
  const outcome = await untilJoined(kernel, own, address, rowBefore?.problem);
  // Nobody else wants it dialled: an address that was refused once will not be dialled for ever.
  if (outcome.kind === 'refused' && rowBefore === undefined) {
    kernel.whereis(MEMBERSHIP)?.cast({ kind: 'forget', address });
  }
  return outcome;
}

async function untilJoined(
  kernel: Kernel,
  own: ClusterParts,
  address: PeerAddress,
  /** Of a dial before this was asked for: things may have changed since. */
  oldProblem: DialProblem | undefined,
): Promise<OperationOutcome> {
  const where = textOf(address);
  const deadline = kernel.clock.now() + JOIN_MS;
  let problem: DialProblem | undefined;
  while (kernel.clock.now() < deadline) {
    if (await isOwn(kernel, address)) return itself(where);
    const now = await info(kernel);
    if (now?.out !== undefined) return isOut(now.out);
    const row = rowOf(await links(kernel), address);
    const peer = row?.peer?.name ?? peerAt(own, address);
    if (peer !== undefined && now?.merged.includes(peer) && now.self.status === 'up') {
      return { kind: 'done', report: { peer, members: upNames(own) } };
    }
    problem = row?.problem ?? problem;
    const isNew = problem !== oldProblem;
    if (problem !== undefined && isNew && isFinal(problem)) return notJoined(where, problem);
    await pause();
  }
  return problem === undefined
    ? refused(504, 'timeout', `${where} was reached, but its roster did not come in time.`)
    : notJoined(where, problem);
}

/** A dial that nobody took may be one to a node that is just starting; a refusal is an answer, and so is a closed port. */
function isFinal({ reason, text }: DialProblem): boolean {
  if (reason === 'failed')
    return /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN/.test(text);
  return reason !== 'duplicate' && reason !== 'full' && reason !== 'timeout';
}

function notJoined(where: string, { reason, text }: DialProblem): OperationOutcome {
  switch (reason) {
    case 'failed':
      return refused(502, 'unreachable', `Nobody answers at ${where} as a node: ${text}.`);
    case 'cluster':
      return refused(
        409,
        'refused',
        `${where} is of another cluster: ${text}. Compare cluster.name.`,
      );
    case 'authentication':
      return refused(
        409,
        'refused',
        `${where} has another cluster.secret or certificate: ${text}.`,
      );
    case 'same_name':
      return refused(
        409,
        'refused',
        `${where} knows another node with the name of this one: ${text}. Set node.name.`,
      );
    default:
      return refused(409, 'refused', `${where} refused this node (${reason}): ${text}.`);
  }
}

/** Answers when the others were told, as far as they could be reached. */
export async function leave(kernel: Kernel, own: ClusterParts): Promise<OperationOutcome> {
  const before = await info(kernel);
  if (before === undefined) return restarting();
  if (before.out !== undefined) return isOut(before.out);
  const told = upNames(own).filter((name) => name !== own.identity.name);
  const out = await ask<MembershipMessage, Out>(
    kernel,
    MEMBERSHIP,
    (reply) => ({ kind: 'leave', reply }),
    LEAVE_MS,
  );
  if (out === undefined) {
    return refused(
      504,
      'timeout',
      'Leaving takes longer than expected; it goes on. See bondy cluster status.',
    );
  }
  if (out !== 'left') return isOut(out);
  return { kind: 'done', report: { left: own.identity.name, told } };
}

export async function remove(
  kernel: Kernel,
  own: ClusterParts,
  { name, isForced }: { readonly name: string; readonly isForced: boolean },
): Promise<OperationOutcome> {
  const before = await info(kernel);
  if (before === undefined) return restarting();
  if (before.out !== undefined) return isOut(before.out);
  const outcome = await ask<MembershipMessage, RemoveOutcome>(
    kernel,
    MEMBERSHIP,
    (reply) => ({ kind: 'remove', name, isForced, reply }),
    ANSWER_MS,
  );
  switch (outcome) {
    case 'removed':
      return { kind: 'done', report: { removed: name } };
    case 'self':
      return refused(
        409,
        'self',
        `${name} is this node itself: it can leave (bondy cluster leave).`,
      );
    case 'still_up':
      return refused(
        409,
        'still_up',
        `${name} is up. Have it leave (bondy cluster leave, there), or remove it with --force.`,
      );
    case 'unknown':
      return unknownNode(own, name);
    case undefined:
      return refused(
        504,
        'timeout',
        'Membership did not answer in time: it may have been done. See bondy cluster status.',
      );
  }
}

/** The name may be one that is gone already; else the nearest one that is known is offered. */
export function unknownNode({ roster }: ClusterParts, name: string): OperationOutcome {
  const members = [...(roster.view?.members() ?? [])];
  const gone = members.find((member) => member.name === name && !isMember(member));
  if (gone !== undefined)
    return refused(404, 'gone', `${name} is no member any more: ${gone.status}.`);
  const names = members.filter(isMember).map((member) => member.name);
  const meant = nearest(name, names) ?? names.find((each) => each.split('@')[1] === name);
  const advice =
    meant === undefined ? 'bondy cluster status lists the members' : `did you mean ${meant}?`;
  return refused(404, 'unknown_node', `No member is called ${name}: ${advice}`);
}

export async function ask<M, R>(
  kernel: Kernel,
  name: Name<M>,
  request: (reply: ReplyTo<R>) => M,
  timeoutMs: number,
): Promise<R | undefined> {
  const target = kernel.whereis(name);
  if (target === undefined) return undefined;
  const outcome = await kernel.call<M, R>(target, request, timeoutMs);
  return outcome.kind === 'reply' ? outcome.value : undefined;
}

function info(kernel: Kernel): Promise<MembershipInfo | undefined> {
  return ask<MembershipMessage, MembershipInfo>(
    kernel,
    MEMBERSHIP,
    (reply) => ({ kind: 'info', reply }),
    ANSWER_MS,
  );
}

async function links(kernel: Kernel): Promise<readonly LinkInfo[]> {
  const rows = await ask<LinksMessage, readonly LinkInfo[]>(
    kernel,
    LINKS,
    (reply) => ({ kind: 'info', reply }),
    ANSWER_MS,
  );
  return rows ?? [];
}

async function isOwn(kernel: Kernel, address: PeerAddress): Promise<boolean> {
  const answer = await ask<LinksMessage, boolean>(
    kernel,
    LINKS,
    (reply) => ({ kind: 'is_own', address, reply }),
    ANSWER_MS,
  );
  return answer === true;
}

function rowOf(rows: readonly LinkInfo[], address: PeerAddress): LinkInfo | undefined {
  return rows.find((row) => textOf(row.address) === textOf(address));
}

/** A member whose link was made from its side has no dial of ours. */
function peerAt({ roster }: ClusterParts, address: PeerAddress): string | undefined {
  const hasIt = ({ addresses }: Member): boolean =>
    addresses.some((each) => textOf(each) === textOf(address));
  return [...(roster.view?.members() ?? [])].find((one) => isMember(one) && hasIt(one))?.name;
}

function upNames({ roster }: ClusterParts): readonly string[] {
  return [...(roster.view?.members() ?? [])]
    .filter(isUp)
    .map(({ name }) => name)
    .sort();
}

function itself(where: string): OperationOutcome {
  return refused(409, 'self', `${where} is this node itself.`);
}

function isOut(why: Out): OperationOutcome {
  const sentence = {
    left: 'it has left',
    removed: 'it was removed',
    superseded: 'a newer start took its name',
  }[why];
  return refused(
    409,
    'out',
    `This start of the node is out of the cluster: ${sentence}. Start the node again.`,
  );
}

function restarting(): OperationOutcome {
  return refused(503, 'restarting', 'Membership is being restarted: try again.');
}

function textOf({ host, port }: PeerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

export function isAlone(): OperationOutcome {
  return refused(
    404,
    'no_cluster',
    'This node is alone (cluster.enabled = off): it has no cluster that could be asked.',
  );
}
