/** `bondy cluster` and the commands that need an operator's token, against nodes that are processes of their own. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { drawCluster, readCluster } from '../../bin/cluster-view.ts';
import { drawCheck, drawRepair, isWell, isWhole } from '../../bin/store-care-view.ts';
import { bondy, runNode, temporaryFolder } from './support.ts';
import type { Finished, Running, TestContextLike } from './support.ts';

const SECRET = 'a secret that only this test knows';

interface ClusterNode {
  readonly process: Running;
  readonly admin: string;
  /** Of its port for other nodes. */
  readonly address: string;
  readonly folder: string;
  run(...command: readonly string[]): Promise<Finished>;
}

async function startNode(
  t: TestContextLike,
  name: string,
  more: Readonly<Record<string, string>> = {},
): Promise<ClusterNode> {
  const folder = temporaryFolder(t);
  const settings = {
    'node.name': name,
    'cluster.enabled': 'on',
    'cluster.peer_port': '0',
    'cluster.secret': SECRET,
    'store.data_dir': folder,
    'store.engine': 'leveldb',
    'store.partitions': '2',
    ...more,
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const process = runNode(t, flags);
  const admin = ((await process.urls()).get('admin') ?? '').replace(/\/$/, '');
  const status = (await (await fetch(`${admin}/cluster`)).json()) as {
    readonly node: { readonly addresses: readonly [string] };
  };
  const [address] = status.node.addresses;
  const run = (...command: readonly string[]) =>
    bondy([...command, '--url', admin, '--set', `store.data_dir=${folder}`]);
  return { process, admin, address, folder, run };
}

/** A busy machine makes a suspect of whoever is slow, for a moment. */
async function untilWell({ run }: ClusterNode): Promise<Finished> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const status = await run('cluster', 'status');
    if (status.status === 0 || performance.now() > deadline) return status;
  }
}

function says({ status, stdout, stderr }: Finished, expected: number, text: RegExp): void {
  assert.match(expected === 0 ? stdout : stderr, text);
  assert.equal(status, expected, stdout + stderr);
}

describe('bondy cluster', () => {
  test('joins two nodes, shows them, removes the one that died and has the other leave', async (t) => {
    const [a, b] = await Promise.all([startNode(t, 'bondy@a'), startNode(t, 'bondy@b')]);
    says(
      await a.run('cluster', 'join', b.address),
      0,
      /^Joined bondy@b\. Up now: bondy@a, bondy@b\.$/m,
    );
    says(await a.run('cluster', 'join', b.address), 0, /^Joined bondy@b/); // again, with the same end
    const status = await untilWell(b);
    says(status, 0, /members +2: 2 up\nhealth +well\n/);
    assert.match(status.stdout, /bondy@a +up +\S+ +linked/);
    const json = JSON.parse((await b.run('cluster', 'status', '--json')).stdout) as {
      readonly members: { readonly total: number };
    };
    assert.equal(json.members.total, 2);
    const there = await bondy(['tree', '--node', 'bondy@b', '--url', a.admin]);
    says(there, 0, /^bondy +running[^]*inspector +running/m);
    const noNode = await bondy(['tree', '--node', 'bondy@c', '--url', a.admin]);
    says(noNode, 1, /^No member is called bondy@c: did you mean bondy@[ab]\?$/m);

    says(await a.run('cluster', 'remove', 'bondy@b'), 1, /bondy@b is up\. .* --force/);
    says(await a.run('cluster', 'remove', 'bondy@a'), 1, /is this node itself/);
    says(await a.run('cluster', 'remove', 'bondy@bb'), 1, /did you mean bondy@b\?/);
    await b.process.end();
    await a.process.event('node_down');
    const unwell = await a.run('cluster', 'status');
    assert.deepEqual([unwell.status, /health +bondy@b is down/.test(unwell.stdout)], [1, true]);
    says(await a.run('cluster', 'remove', 'bondy@b'), 0, /^Removed bondy@b/);
    says(await a.run('cluster', 'remove', 'bondy@b'), 1, /no member any more: removed/);
    says(await a.run('cluster', 'leave'), 0, /^bondy@a has left the cluster\./);
    says(await a.run('cluster', 'leave'), 1, /has left\. Start the node again/);
    says(await a.run('cluster', 'join', b.address), 1, /has left\. Start the node again/);
    const ready = await fetch(`${a.admin}/ready`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /out of the cluster: left/);
  });

  test('removes a node that is up when it is forced to, and that node knows', async (t) => {
    const [a, b] = await Promise.all([startNode(t, 'bondy@a'), startNode(t, 'bondy@b')]);
    await a.run('cluster', 'join', b.address);
    says(await a.run('cluster', 'remove', 'bondy@b', '--force'), 0, /^Removed bondy@b/);
    assert.equal((await b.process.event('node_out'))['why'], 'removed');
    says(await b.run('cluster', 'join', a.address), 1, /was removed\. Start the node again/);
  });

  test('says why a node was not joined', async (t) => {
    const [a, b, c] = await Promise.all([
      startNode(t, 'bondy@a'),
      startNode(t, 'bondy@b', { 'cluster.secret': 'another secret of some length' }),
      startNode(t, 'bondy@c', { 'cluster.name': 'elsewhere' }),
    ]);
    const attempts = [
      [b.address, /has another cluster\.secret/],
      [c.address, /is of another cluster.* Compare cluster\.name/],
      ['127.0.0.1:1', /Nobody answers at 127\.0\.0\.1:1 as a node: .*ECONNREFUSED/],
      [a.address, /is this node itself/],
      [a.address.replace('127.0.0.1', 'localhost'), /is this node itself/],
      ['nonsense', /Write the address as host:port/],
      ['a:99999', /Write the address as host:port/],
    ] as const;
    for (const [address, text] of attempts) says(await a.run('cluster', 'join', address), 1, text);
    says(await a.run('cluster', 'status'), 0, /members +1: 1 up/);
    assert.doesNotMatch((await a.run('cluster', 'status')).stdout, /dialling/);
  });
});

describe('the operator token', () => {
  test('is only for the user of the node, new at each start, and asked for', async (t) => {
    const a = await startNode(t, 'bondy@a');
    const file = join(a.folder, 'operator.token');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const token = readFileSync(file, 'utf8').trim();
    assert.match(token, /^[0-9a-f]{64}$/);
    const nowhere = temporaryFolder(t);
    const leave = (...more: readonly string[]) =>
      bondy(['cluster', 'leave', '--url', a.admin, ...more]);
    says(
      await leave('--set', `store.data_dir=${nowhere}`),
      1,
      /operator\.token cannot be read \(ENOENT\)/,
    );
    const other = join(nowhere, 'token');
    writeFileSync(other, 'f'.repeat(64));
    says(
      await leave('--token-file', other),
      1,
      /does not accept the token in [^]* new at each start/,
    );
    writeFileSync(other, 'two words\n');
    says(await leave('--token-file', other), 1, /holds no token/);
    writeFileSync(other, `${token}\n`);
    says(await leave('--token-file', other), 0, /has left/);
    await a.process.end();
    const again = runNode(
      t,
      ['--set', 'cluster.enabled=on', '--set', 'cluster.peer_port=0'].concat([
        '--set',
        `store.data_dir=${a.folder}`,
        '--set',
        'store.partitions=2',
        '--set',
        'node.name=bondy@a',
      ]),
    );
    await again.urls();
    assert.notEqual(readFileSync(file, 'utf8').trim(), token);
  });

  test('is not needed by an administrator, also where there is none', async (t) => {
    const folder = temporaryFolder(t);
    const password = join(folder, 'password');
    writeFileSync(password, 'correct horse battery\n');
    const node = runNode(t, ['--set', `security.admin.password=@file:${password}`]);
    const url = (await node.urls()).get('admin') ?? '';
    const where = ['--url', url, '--set', `store.data_dir=${folder}/none`];
    says(await bondy(['store', 'check', ...where]), 1, /operator\.token cannot be read/);
    says(
      await bondy(['store', 'check', ...where, '--user', 'admin', '--token-file', password]),
      1,
      /There is no terminal to ask at: give --password-file/,
    );
    const as = [...where, '--user', 'admin', '--password-file', password];
    says(await bondy(['store', 'check', ...as]), 0, /mismatches +0/);
    says(await bondy(['backup', 'status', ...as]), 0, /^idle/);
    const commands = [
      ['cluster', 'join', '127.0.0.1:18086'],
      ['cluster', 'leave'],
      ['cluster', 'remove', 'bondy@b'],
      ['store', 'repair'],
    ];
    for (const command of commands) {
      says(await bondy([...command, ...as]), 1, /is alone \(cluster\.enabled = off\)/);
    }
    says(await bondy(['cluster', 'status', ...where]), 0, /is alone \(cluster\.enabled = off\)/);
    says(await bondy(['tree', '--node', 'bondy@b', ...as]), 1, /is alone/);
  });
});

describe('bondy store check and repair', () => {
  test('find a whole store whole, while the node runs and when it is stopped', async (t) => {
    const a = await startNode(t, 'bondy@a');
    says(await a.run('store', 'check'), 0, /rows +0\nmismatches +0\nunreadable +0 pages/);
    says(await a.run('store', 'repair'), 0, /No other node is linked[^]*still damaged +0 rows/);
    const offline = ['store', 'check', '--data-dir', a.folder];
    says(await bondy(offline), 1, /the process \d+ uses this data directory/);
    a.process.kill('SIGTERM');
    await a.process.finished;
    says(await bondy(offline), 0, /rows +0\nmismatches +0/);
    says(
      await bondy(['store', 'check', '--data-dir', `${a.folder}/none`]),
      1,
      /There is no data directory/,
    );
    says(await bondy(['store', 'check', '--data-dir', temporaryFolder(t)]), 1, /has no store yet/);
  });
});

test('a command line that is not understood ends with 2', async () => {
  for (const args of [
    ['cluster', 'join'],
    ['cluster', 'dance'],
    ['cluster', 'leave', '--now'],
    ['store', 'check', 'x'],
  ]) {
    const { status, stderr } = await bondy(args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, /^error: /);
  }
});

describe('what is drawn', () => {
  test('of the cluster is nothing when no node answered, and moves no cursor', () => {
    for (const text of [
      '',
      'null',
      '[]',
      '{}',
      '{"enabled":true}',
      '{"enabled":true,"node":{"name":"a"}}',
    ]) {
      assert.equal(readCluster(text), undefined, text);
    }
    const evil = {
      enabled: true,
      node: { name: '\u001b[2J', out: null, addresses: ['\u202e'] },
      members: {
        total: 1e6,
        states: { '\u0007': 'x' },
        list: [{ name: '\u0007', state: 'down' }, 1, null],
      },
      links: { list: 'none' },
    };
    const drawn = drawCluster(readCluster(JSON.stringify(evil))!);
    assert.doesNotMatch(drawn, /\u001b|\u0007|\u202e/);
    assert.match(drawn, /… 999997 more/);
  });

  test('of a check is well only when every row was read and is right', () => {
    const whole = {
      rows: 3,
      mismatches: 0,
      rewritten: 0,
      unreadable: 0,
      quarantined: 0,
      partitions: [],
      unchecked: [],
    };
    assert(isWhole(whole) && isWhole({ ...whole, mismatches: 2, rewritten: 2 }));
    const wrong = [
      {},
      { ...whole, mismatches: 1 },
      { ...whole, unreadable: 1 },
      { ...whole, unchecked: [7] },
    ];
    for (const report of wrong) assert(!isWhole(report), JSON.stringify(report));
    assert.match(drawCheck({ ...whole, unchecked: [7] }), /not checked 7/);
    const repaired = {
      check: whole,
      exchanges: [{ kind: 'done', peer: 'b', sent: 1, received: 2 }],
      damaged: 0,
    };
    assert(isWell(repaired) && !isWell({ ...repaired, damaged: 1 }) && !isWell({}));
    assert(!isWell({ ...repaired, trees: [{ partition: 1, tree: 'failed' }] }));
    assert.match(drawRepair(repaired), /b +done +1 +2/);
  });
});
