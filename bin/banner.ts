/** What `bondy start` says when the node is ready: what listens where, and how to connect. Pure. */
import type { RealmConfig } from '../actors/realms/config.ts';

export interface Address {
  readonly name: string;
  readonly url: string;
}

export interface Ready {
  readonly version: string;
  readonly node: string;
  readonly addresses: readonly Address[];
  readonly realms: readonly RealmConfig[];
}

export function banner({ version, node, addresses, realms }: Ready): string {
  const width = Math.max(0, ...addresses.map(({ name }) => name.length));
  const listening = addresses.map(({ name, url }) => `  ${name.padEnd(width)}  ${url}`);
  const offered = realms.map(({ uri, authmethods }) => `  ${uri}  (${authmethods.join(', ')})`);
  const parts = [
    `bondy ${version} is ready: node ${node}`,
    ['Listening:', ...listening].join('\n'),
    ['Realms:', ...offered].join('\n'),
    snippet(addresses, realms),
    hints(addresses),
  ];
  return `\n${parts.filter((part) => part !== '').join('\n\n')}\n\n`;
}

/** A whole program for Node.js with autobahn-js. */
function snippet(addresses: readonly Address[], realms: readonly RealmConfig[]): string {
  const websocket = addresses.find(({ url }) => url.startsWith('ws'));
  const realm = realms.find(({ authmethods }) => authmethods.includes('anonymous')) ?? realms[0];
  if (websocket === undefined || realm === undefined) return '';
  const lines = [
    "import autobahn from 'autobahn';",
    'const connection = new autobahn.Connection({',
    `  url: ${quoted(websocket.url)},`,
    `  realm: ${quoted(realm.uri)},`,
    ...credentials(realm),
    '});',
    'connection.onopen = async (session) => {',
    "  await session.register('com.example.add', ([a, b]) => a + b);",
    "  console.log(await session.call('com.example.add', [2, 3])); // 5",
    '  connection.close();',
    '};',
    'connection.open();',
  ];
  const head = 'Connect (npm install autobahn; save as hello.mjs; node hello.mjs):';
  return [head, '', ...lines.map((line) => `  ${line}`)].join('\n');
}

function credentials({ authmethods, tickets }: RealmConfig): readonly string[] {
  if (authmethods.includes('anonymous')) return [];
  const authid = quoted(tickets[0]?.authid ?? 'YOUR_AUTHID');
  return [
    "  authmethods: ['ticket'],",
    `  authid: ${authid},`,
    "  onchallenge: () => 'THE_TICKET',",
  ];
}

const DEFAULT_ADMIN = 'http://127.0.0.1:18081/';

function hints(addresses: readonly Address[]): string {
  const admin = addresses.find(({ url }) => url.startsWith('http'));
  if (admin === undefined) return 'Ctrl-C stops.';
  const where = admin.url === DEFAULT_ADMIN ? '' : ` --url ${admin.url}`;
  return `The live tree: ${admin.url} or bondy tree${where}\nCtrl-C stops.`;
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll("'", "\\'").replaceAll('\\"', '"')}'`;
}
