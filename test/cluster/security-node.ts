/** A whole node as a process whose security data its parent changes: a line of JSON in, a line of JSON out. */
import { createInterface } from 'node:readline';
import type { SecurityRecord } from '../../actors/security/records.ts';
import { SILENT } from '../../runtime/log/logger.ts';
import { loadNodeConfig } from '../../supervisors/config.ts';
import { startNode } from '../../supervisors/node.ts';
import { commit } from '../support/security.ts';

const settings = JSON.parse(process.argv[2]!) as Readonly<Record<string, string>>;
const { config, mistakes } = loadNodeConfig({
  file: undefined,
  environment: {},
  flags: Object.entries(settings).map(([key, value]) => `${key}=${value}`),
  workingDirectory: '.',
  files: { read: () => undefined },
});
if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));

try {
  const node = await startNode(config, SILENT);
  const urlOf = (name: string): string =>
    node.addresses.find((each) => each.name === name)?.url ?? '';
  say({ websocket: urlOf('api_gateway.http'), rawsocket: urlOf('wamp.tcp') });
  for await (const line of createInterface({ input: process.stdin })) {
    say(await commit(node.kernel, JSON.parse(line) as readonly SecurityRecord[]));
  }
  await node.stop();
} catch (error) {
  say({ failed: error instanceof Error ? error.message : String(error) });
}

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
