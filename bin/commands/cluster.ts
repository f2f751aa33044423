/** `bondy cluster`: asks a running node how its cluster is, and has it join, leave or remove. */
import { parseFields, textOf, textsOf } from '../answer.ts';
import { findNode, notANode, view } from '../ask-node.ts';
import type { NodeOptions } from '../ask-node.ts';
import { drawCluster, readCluster } from '../cluster-view.ts';
import { tell } from '../tell-node.ts';
import { refuse } from './configuration.ts';

/** Longer than the node takes at most, so that its own words arrive. */
const PATIENCE_MS = 30_000;

/** Exit status: 1 when something of the cluster is not as it should be. */
export async function clusterStatus(options: NodeOptions): Promise<number> {
  const node = await findNode(options);
  if (typeof node === 'string') return refuse(node);
  const answer = await view(node, '/cluster');
  if (answer.kind === 'failed') return refuse(answer.problem);
  const { text } = answer.got;
  const cluster = readCluster(text);
  if (cluster === undefined) return refuse(notANode(node));
  say(options, text, () => drawCluster(cluster));
  return cluster.problems.length === 0 ? 0 : 1;
}

export function clusterJoin(address: string, options: NodeOptions): Promise<number> {
  return operate(options, 'cluster/join', { address }, (text) => {
    const { peer, members } = parseFields(text);
    return `Joined ${textOf(peer)}. Up now: ${textsOf(members).join(', ')}.`;
  });
}

export function clusterLeave(options: NodeOptions): Promise<number> {
  return operate(options, 'cluster/leave', {}, (text) => {
    const { left, told } = parseFields(text);
    const others = textsOf(told);
    return (
      `${textOf(left)} has left the cluster` +
      `${others.length === 0 ? '' : ` and told ${others.join(', ')}`}. ` +
      'It serves the sessions it has, alone, and is not ready for new ones; stop it when they are gone.'
    );
  });
}

export function clusterRemove(
  name: string,
  { force, ...options }: NodeOptions & { readonly force?: boolean },
): Promise<number> {
  const path = `cluster/members/${encodeURIComponent(name)}/remove`;
  return operate(options, path, { force: force === true }, (text) => {
    const { removed } = parseFields(text);
    return `Removed ${textOf(removed)}: this start of it takes no part any more.`;
  });
}

async function operate(
  options: NodeOptions,
  path: string,
  body: object,
  draw: (text: string) => string,
): Promise<number> {
  const told = await tell(options, path, body, PATIENCE_MS);
  if (told.kind === 'failed') return refuse(told.problem);
  say(options, told.text, () => draw(told.text));
  return 0;
}

function say({ json }: NodeOptions, text: string, draw: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(JSON.parse(text), null, 2) : draw()}\n`);
}
