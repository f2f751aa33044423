// Runs Autobahn|Python against a node that it starts. Skips, saying so, where there is no Autobahn|Python.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

const directory = mkdtempSync(join(tmpdir(), 'bondy-python-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const { FIRST } = await import('../dist/test/support/certificates.js');
const file = (name, text) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
/** Users for test/python/authentication.py, which knows their secrets. */
const METHODS = ['password', 'wampcra', 'wamp-scram', 'cryptosign'];
const SHOP = {
  uri: 'com.example.shop',
  authmethods: METHODS,
  users: [
    {
      username: 'alice',
      password: 'pencil-and-paper',
      authorized_keys: ['66be7e332c7a453332bd9d0a7f7db055f5c5ef1a06ada66d98b39fb6810c473a'],
    },
  ],
  sources: METHODS.map((authmethod) => ({ usernames: 'all', authmethod })),
  grants: [{ permissions: ['wamp.call'], roles: ['alice'], uri: 'com.example.', match: 'prefix' }],
};
const cert = file('cert.pem', FIRST.cert);

const settings = [
  `security.config_file=${file('realms.json', JSON.stringify([SHOP]))}`,
  'realms.realm1.authmethods=anonymous',
  'realms.static1.authmethods=ticket',
  'realms.static1.users.joe.ticket=a-ticket-for-joe',
  'api_gateway.https.enabled=on',
  'api_gateway.https.port=0',
  `api_gateway.https.certfile=${cert}`,
  `api_gateway.https.keyfile=${file('key.pem', FIRST.key)}`,
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

const statuses = [];
for (const args of [
  ['clients.py', urls['api_gateway.http'], urls['wamp.tcp']],
  ['authentication.py', urls['api_gateway.http'], urls['api_gateway.https'], cert],
]) {
  const [program, ...rest] = args;
  statuses.push((await run(python, [join('test', 'python', program), ...rest])).status);
}
node.kill('SIGTERM');
const [code] = await ended;
if (code !== 0) fail(`the node ended with ${code}`);
process.exit(statuses.every((status) => status === 0) ? 0 : 1);

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
