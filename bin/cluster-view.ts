/** What `bondy cluster status` prints: the answer of `GET /cluster`, read with care and put in columns. */
import type { Fields } from './answer.ts';
import { fieldsOf, listOf, numberOf, parseFields, textOf, textsOf } from './answer.ts';
import { bytesText, columns } from './columns.ts';
import { showUptime } from './tree-view.ts';

export interface ShownCluster {
  readonly isEnabled: boolean;
  readonly answer: Fields;
  /** What an operator should look at, a sentence each. */
  readonly problems: readonly string[];
}

const UNWELL = ['suspect', 'down', 'unknown'];

/** Undefined: not the answer of a node. */
export function readCluster(text: string): ShownCluster | undefined {
  const answer = parseFields(text);
  const { enabled } = answer;
  if (typeof enabled !== 'boolean' || typeof fieldsOf(answer['node'])['name'] !== 'string') {
    return undefined;
  }
  if (!enabled) return { isEnabled: false, answer, problems: [] };
  if (!Array.isArray(fieldsOf(answer['members'])['list'])) return undefined;
  return { isEnabled: true, answer, problems: problemsOf(answer) };
}

function problemsOf({ node, members, store }: Fields): readonly string[] {
  const { out } = fieldsOf(node);
  const { health } = fieldsOf(store);
  const problems =
    typeof out === 'string' ? [`this node is out of the cluster: ${textOf(out)}`] : [];
  for (const { name, state } of listOf(fieldsOf(members)['list'])) {
    if (UNWELL.includes(textOf(state))) problems.push(`${textOf(name)} is ${textOf(state)}`);
  }
  return [...problems, ...textsOf(fieldsOf(health)['why'])];
}

export function drawCluster({ isEnabled, answer, problems }: ShownCluster): string {
  const node = fieldsOf(answer['node']);
  if (!isEnabled) return `${textOf(node['name'])} is alone (cluster.enabled = off).`;
  return [
    ...summary(node, answer, problems),
    '',
    ...memberTable(answer),
    '',
    ...linkTable(answer),
    '',
    ...storeLines(answer),
  ].join('\n');
}

function summary(node: Fields, answer: Fields, problems: readonly string[]): readonly string[] {
  const { states, total } = fieldsOf(answer['members']);
  const counts = Object.entries(fieldsOf(states)).map(
    ([state, count]) => `${numberOf(count)} ${textOf(state)}`,
  );
  return [
    `node       ${textOf(node['name'])}, incarnation ${numberOf(node['incarnation'])}, ${textOf(node['out'] ?? node['state'])}`,
    `cluster    ${textOf(node['cluster'])}, ${textOf(node['strategy'])}, at ${textsOf(node['addresses']).join(', ')}`,
    `members    ${numberOf(total)}: ${counts.join(', ')}`,
    `health     ${problems.length === 0 ? 'well' : problems.join('\n           ')}`,
  ];
}

function memberTable(answer: Fields): readonly string[] {
  const { list, total } = fieldsOf(answer['members']);
  const at = numberOf(answer['at']);
  const rows = listOf(list).map((member) => [
    textOf(member['name']),
    textOf(member['state']),
    typeof member['since'] === 'number' ? showUptime(at - member['since']) : '',
    member['isSelf'] === true ? 'this node' : member['isLinked'] === true ? 'linked' : 'no link',
    milliseconds(member['rttMs']),
    numberOf(member['incarnation']),
    textsOf(member['addresses']).join(' '),
  ]);
  const heading = ['MEMBER', 'STATE', 'FOR', 'LINK', 'RTT', 'INCARNATION', 'ADDRESS'];
  return [...columns([heading, ...rows]), ...cut(rows.length, numberOf(total))];
}

function linkTable(answer: Fields): readonly string[] {
  const { list, total } = fieldsOf(answer['links']);
  const links = listOf(list);
  const rows = links.flatMap(({ peer, channels }) =>
    listOf(channels).map((channel) => [
      textOf(peer),
      textOf(channel['channel']),
      `${numberOf(channel['connections'])}/${numberOf(channel['parallelism'])}`,
      ...['queuedBytes', 'sentBytes', 'receivedBytes'].map((field) =>
        bytesText(numberOf(channel[field])),
      ),
      numberOf(channel['overloaded']),
    ]),
  );
  const dialling = listOf(answer['dialling']).map(
    ({ address, state }) => `dialling ${textOf(address)}: ${textOf(state).replaceAll('_', ' ')}`,
  );
  if (rows.length === 0) return ['No links.', ...dialling];
  const heading = ['LINK TO', 'CHANNEL', 'SOCKETS', 'QUEUED', 'SENT', 'RECEIVED', 'REFUSED'];
  return [...columns([heading, ...rows]), ...cut(links.length, numberOf(total)), ...dialling];
}

function storeLines(answer: Fields): readonly string[] {
  const { engine, partitions, exchanges } = fieldsOf(answer['store']);
  const all = listOf(partitions);
  const sum = (field: string): number =>
    all.reduce((total, each) => total + numberOf(each[field]), 0);
  const at = numberOf(answer['at']);
  const compared = listOf(exchanges).map((exchange) => [
    textOf(exchange['peer']),
    showUptime(at - numberOf(exchange['at'])),
    textOf(exchange['outcome']),
    ...['sent', 'received'].map((field) => numberOf(exchange[field])),
    textOf(exchange['reason']),
  ]);
  const line =
    `store      ${textOf(engine)}, ${all.length} partitions, ${sum('rows')} rows, ` +
    `${sum('damaged')} damaged, ${sum('quarantined')} in quarantine`;
  if (compared.length === 0) return [line];
  return [
    line,
    ...columns([['COMPARED WITH', 'AGO', 'OUTCOME', 'SENT', 'RECEIVED', ''], ...compared]),
  ];
}

function milliseconds(value: unknown): string {
  return typeof value === 'number' ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms` : '';
}

function cut(shown: number, total: number): readonly string[] {
  return total > shown ? [`… ${total - shown} more`] : [];
}
