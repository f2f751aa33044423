/** `bondy tree`: the tree of a running node, and clear words when there is none. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { drawTree, showUptime } from '../../bin/tree-view.ts';
import type { ShownNode } from '../../bin/tree-view.ts';
import { bondy, Running, runNode } from './support.ts';
import type { TestContextLike } from './support.ts';

function node(id: string, more: Partial<ShownNode> = {}): ShownNode {
  const children = more.children ?? [];
  return {
    id,
    kind: children.length > 0 ? 'supervisor' : 'worker',
    state: 'running',
    mailbox: 0,
    handled: 0,
    restarts: 0,
    uptimeMs: 0,
    childCount: children.length,
    children,
    ...more,
  };
}

async function answering(t: TestContextLike, status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  t.after(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port that was free a moment ago. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

describe('the drawing', () => {
  const root = node('bondy', {
    uptimeMs: 3_725_000,
    children: [
      node('sessions', {
        childCount: 3,
        children: [node('1', { mailbox: 12, handled: 34_567 })],
      }),
      node('admin', { state: 'cooling_down', restarts: 4, lastExit: 'error: port in use' }),
    ],
  });

  test('has a line for each actor, its numbers in columns', () => {
    assert.equal(
      drawTree(root, { depth: 9, isColoured: false }),
      [
        'ACTOR           STATE         MAILBOX  HANDLED  RESTARTS  UPTIME  LAST EXIT',
        'bondy           running             0        0         0  1h 2m',
        '├─ sessions     running             0        0         0  0s',
        '│  ├─ 1         running            12    34567         0  0s',
        '│  └─ … 2 more',
        '└─ admin        cooling_down        0        0         4  0s      error: port in use',
      ].join('\n'),
    );
  });

  test('stops at the depth asked for and says what it left out', () => {
    const lines = drawTree(root, { depth: 0, isColoured: false }).split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[2], /… 2 more/);
  });

  test('shows control characters of ids instead of obeying them', () => {
    const hostile = node('a\u001b[2J\n\u202eb', { lastExit: 'x\r\ny' });
    const drawn = drawTree(hostile, { depth: 1, isColoured: false });
    assert.equal(drawn.split('\n').length, 2);
    assert.doesNotMatch(drawn, /[\u001b\r\u202e]/);
  });

  test('shows an uptime in its two largest units', () => {
    const shown = [0, 999, 61_000, 3_600_000, 90_061_000, 86_400_000].map(showUptime);
    assert.deepEqual(shown, ['0s', '0s', '1m 1s', '1h', '1d 1h', '1d']);
  });
});

describe('bondy tree', { concurrency: 2, timeout: 120_000 }, () => {
  test('draws the tree of a running node', async (t) => {
    const url = (await runNode(t).urls()).get('admin') ?? '';
    const { status, stdout, stderr } = await bondy(['tree', '--url', url]);
    assert.deepEqual([status, stderr], [0, '']);
    for (const part of ['bondy ', '├─ diagnostics', '├─ sessions', '└─ edges', '   └─ admin']) {
      assert.ok(stdout.includes(`\n${part}`), stdout);
    }
    const json = await bondy(['tree', '--url', url, '--json', '--depth', '1']);
    const { id, children } = JSON.parse(json.stdout) as ShownNode;
    assert.equal(id, 'bondy');
    assert.ok(children.length > 3);
    assert.ok(children.every((child) => child.children.length === 0));
  });

  test('says that no node answers, where it asked, and how to ask elsewhere', async () => {
    const url = await closedPort();
    const { status, stdout, stderr } = await bondy(['tree', '--url', url]);
    assert.deepEqual([status, stdout], [1, '']);
    assert.ok(stderr.startsWith(`No node answers at ${url} (ECONNREFUSED).`), stderr);
    assert.match(stderr, /--url/);
  });

  test('does not take any answer for a tree', async (t) => {
    for (const [answer, expected] of [
      ['<html>', /not a bondy node/],
      ['{"id":1}', /not a bondy node/],
      ['null', /not a bondy node/],
    ] as const) {
      const url = await answering(t, 200, answer);
      const { status, stdout, stderr } = await bondy(['tree'], {
        environment: { BONDY_ADMIN_URL: url },
      });
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, expected);
    }
  });

  test('says what else was answered', async (t) => {
    const url = await answering(t, 503, '{}');
    const { status, stderr } = await bondy(['tree', '--url', url]);
    assert.equal(status, 1);
    assert.match(stderr, /answered 503/);
  });

  test('--watch draws it again and again, also when the node comes back', async (t) => {
    const answers = [[503, ''] as const, [200, JSON.stringify(node('first'))] as const];
    const tree = await new Promise<Running>((resolve) => {
      const server = createServer((_request, response) => {
        const [status, body] = answers.shift() ?? [200, JSON.stringify(node('later'))];
        response.writeHead(status).end(body);
      });
      t.after(() => void server.close());
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        resolve(new Running(['tree', '--watch', '--url', `http://127.0.0.1:${port}`], {}));
      });
    });
    t.after(() => tree.end());
    for (const text of ['answered 503', 'first ', 'later ']) await tree.output(text);
  });

  test('refuses what is no URL', async () => {
    const { status, stderr } = await bondy(['tree', '--url', 'localhost:18081']);
    assert.equal(status, 1);
    assert.match(stderr, /"localhost:18081" is not an http URL/);
  });
});
