import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { json } from '../../../runtime/wamp/json.ts';
import { Arrivals, encoded, event, rawFrame, TcpClient } from '../../support/net.ts';

const DESCRIPTORS = 48;

test('at the limit of descriptors new connections are refused, old ones live on, and room is used again', async (t) => {
  const file = `../../support/echo-server${extname(import.meta.url)}`;
  const server = spawn(
    'sh',
    [
      '-c',
      `ulimit -n ${DESCRIPTORS}; exec "$0" "$@"`,
      process.execPath,
      ...process.execArgv.filter((arg) => arg !== '--test'),
      fileURLToPath(new URL(file, import.meta.url)),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  t.after(() => server.kill());
  const lines = new Arrivals<string>();
  createInterface(server.stdout).on('line', (line) => lines.push(line));
  const port = Number(await lines.next('the port'));

  const message = rawFrame(encoded(json, event(json, 1)));
  const isServed = async (client: TcpClient): Promise<boolean> => {
    client.write([0x7f, 0xf1, 0, 0], message);
    return client.read(4 + message.length).then(
      () => true,
      () => false, // closed before it was answered
    );
  };
  const served: TcpClient[] = [];
  let refused = 0;
  while (refused < 5) {
    const client = await TcpClient.connect(t, port);
    if (await isServed(client)) served.push(client);
    else refused++;
    assert.ok(served.length < DESCRIPTORS);
  }
  assert.ok(served.length > 5);
  for (const client of served) {
    client.write(message);
    assert.deepEqual(await client.read(message.length), message);
  }
  const [first] = served;
  first.socket.end();
  await once(first.socket, 'close');
  assert.equal(await isServed(await TcpClient.connect(t, port)), true);
  server.stdin.end();
  await once(server, 'exit');
});
