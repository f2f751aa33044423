// Runs Autobahn|Python against a node that it starts. Skips, saying so, where there is no Autobahn|Python.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const NEEDED = 'import autobahn.asyncio.wamp, msgpack, cbor2';
const PYTHONS = process.env.PYTHON ? [process.env.PYTHON] : ['python3', '/usr/bin/python3'];

const python = PYTHONS.find((each) => spawnSync(each, ['-c', NEEDED]).status === 0);
if (python === undefined) {
  console.log(
    `SKIPPED: ${PYTHONS.join(' and ')} cannot "${NEEDED}". On Debian: ` +
      'apt-get install python3-autobahn python3-msgpack python3-cbor2. Another interpreter: PYTHON=...',
  );
  process.exit(0);
}

const settings = [
  'api_gateway.http.port=0',
  'wamp.tcp.port=0',
  'admin_api.http.enabled=off',
  'log.format=json',
  'store.engine=memory',
];
const node = spawn(
  process.execPath,
  [join('dist', 'bin', 'bondy.js'), 'start', ...settings.flatMap((each) => ['--set', each])],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const ended = once(node, 'exit');
process.on('exit', () => node.kill('SIGKILL'));

const urls = await Promise.race([listening(), ended.then(() => undefined)]);
if (urls === undefined) fail('the node did not start');

const { status } = await run(python, [
  join('test', 'python', 'clients.py'),
  urls['api_gateway.http'],
  urls['wamp.tcp'],
]);
node.kill('SIGTERM');
const [code] = await ended;
if (code !== 0) fail(`the node ended with ${code}`);
process.exit(status ?? 1);

/** URLs by listener, from the node's own log; the rest of it is read and dropped, so that the node never waits. */
function listening() {
  return new Promise((resolve) => {
    createInterface({ input: node.stdout }).on('line', (line) => {
      const entry = line.startsWith('{') ? JSON.parse(line) : {};
      if (entry.event !== 'node_started') return;
      resolve(Object.fromEntries(entry.addresses.map(({ name, url }) => [name, url])));
    });
  });
}

async function run(command, args) {
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
  });
  const [status] = await once(child, 'exit');
  return { status };
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
