/** `bondy store`: the state of a running node's store, and the conversion of a stopped node's. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { drawStore, readStore } from '../../bin/store-view.ts';
import { bondy, FREE_PORTS, runNode, temporaryFolder } from './support.ts';

const SHOWN = {
  engine: 'leveldb',
  health: { ok: false, why: ['the clock is off'] },
  partitions: [{ partition: 0, status: 'ready', rows: 12, damaged: 0 }],
  exchanges: [{ peer: 'b', outcome: 'done', secondsAgo: 3, sent: 1, received: 2 }],
};

function clustered(
  path: string,
  engine: string,
  partitions = 2,
  name = 'bondy',
): readonly string[] {
  const settings = {
    'cluster.enabled': 'on',
    'cluster.peer_port': '0',
    'cluster.name': name,
    'store.data_dir': path,
    'store.engine': engine,
    'store.partitions': partitions,
  };
  return Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
}

describe('the drawing', () => {
  test('says engine, rows, what is wrong, and how comparisons ended', () => {
    const drawn = drawStore(readStore(JSON.stringify(SHOWN))!);
    assert.match(drawn, /engine +leveldb\npartitions +1\nrows +12\nhealth +the clock is off/);
    assert.match(drawn, /0 +ready +12 +0/);
    assert.match(drawn, /b +3s +done +1 +2/);
  });

  test('is of nothing else, and moves no cursor', () => {
    for (const text of ['', 'null', '[]', '{"engine":1}', '{"engine":"leveldb"}']) {
      assert.equal(readStore(text), undefined, text);
    }
    const evil = { ...SHOWN, exchanges: [{ peer: '\u001b[2J', outcome: '\u0007' }] };
    assert.doesNotMatch(drawStore(readStore(JSON.stringify(evil))!), /\u001b|\u0007/);
  });
});

describe('bondy store status', () => {
  test('shows the store of a node of a cluster', async (t) => {
    const node = runNode(t, clustered(temporaryFolder(t), 'memory'));
    const url = (await node.urls()).get('admin') ?? '';
    const { status, stdout } = await bondy(['store', 'status', '--url', url]);
    assert.equal(status, 0);
    assert.match(stdout, /engine +memory\npartitions +2\nrows +0\nhealth +well/);
  });

  test('shows that of a node that is alone, too, and asks for a login where the node does', async (t) => {
    const folder = temporaryFolder(t);
    const password = join(folder, 'password');
    writeFileSync(password, 'correct horse battery\n');
    const settings = [
      ...['--set', 'admin_api.http.open=off'],
      ...['--set', `security.admin.password=@file:${password}`],
    ];
    const url = (await runNode(t, settings).urls()).get('admin') ?? '';
    const elsewhere = ['--set', `store.data_dir=${folder}/none`];
    const nobody = await bondy(['store', 'status', '--url', url, ...elsewhere]);
    assert.equal(nobody.status, 1);
    assert.match(nobody.stderr, /operator\.token cannot be read \(ENOENT\)\.\nGive --user NAME/);
    const admin = ['--user', 'admin', '--password-file', password];
    const { status, stdout } = await bondy(['store', 'status', '--url', url, ...admin]);
    assert.equal(status, 0);
    assert.match(stdout, /engine +memory\n[^]*health +well/);
  });
});

describe('the data directory', () => {
  test('is not used by two processes, nor with another engine, number of partitions or cluster', async (t) => {
    const path = temporaryFolder(t);
    const node = runNode(t, clustered(path, 'leveldb'));
    await node.urls();
    const start = (...how: readonly [engine?: string, partitions?: number, name?: string]) => {
      const [engine = 'leveldb', ...others] = how;
      return bondy(['start', ...FREE_PORTS, ...clustered(path, engine, ...others)]);
    };
    const second = await start();
    assert.equal(second.status, 1);
    assert.match(
      second.stderr,
      /bondy cannot start: .*store\.data_dir .*the process \d+ uses this data directory/s,
    );
    const busy = await bondy(['store', 'migrate', '--to', 'rocksdb', ...clustered(path, 'auto')]);
    assert.equal(busy.status, 1);
    assert.match(busy.stderr, /the process \d+ uses this data directory/);
    await node.end();
    const other = await start('rocksdb');
    assert.equal(other.status, 1);
    assert.match(other.stderr, /store\.engine is rocksdb, but .* was made with leveldb/);
    assert.match(other.stderr, /bondy store migrate --to rocksdb/);
    const fewer = await start('leveldb', 1);
    assert.equal(fewer.status, 1);
    assert.match(fewer.stderr, /store\.partitions is 1, but .* has 2/);
    const renamed = await start('leveldb', 2, 'another');
    assert.equal(renamed.status, 1);
    assert.match(renamed.stderr, /cluster\.name is another, but .* belongs to the cluster bondy/);
    const again = runNode(t, clustered(path, 'leveldb'));
    await again.urls(); // after all refusals it still starts
  });
});

describe('bondy store migrate', () => {
  test('says when there is nothing to convert', async (t) => {
    const path = temporaryFolder(t);
    const migrate = (...more: readonly string[]) =>
      bondy(['store', 'migrate', '--to', 'leveldb', ...more]);
    const nowhere = await migrate('--set', `store.data_dir=${path}/none`);
    assert.equal(nowhere.status, 1);
    assert.match(nowhere.stderr, /There is no data directory/);
    const empty = await migrate('--set', `store.data_dir=${path}`);
    assert.equal(empty.status, 1);
    assert.match(empty.stderr, /has no store yet/);
    const node = runNode(t, clustered(path, 'leveldb'));
    await node.urls();
    await node.end();
    const same = await migrate('--set', `store.data_dir=${path}`);
    assert.equal(same.status, 0);
    assert.match(same.stdout, /has leveldb already/);
  });
});
