/**
 * Disks and directories that are not as they should be, on real files: a clear refusal, or a degradation that `/ready` shows;
 * never a silent loss.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { scratch } from '../support/scratch.ts';
import { DURABLE_ENGINES } from '../support/storage.ts';
import { databases } from './damage.ts';
import { allLinked, BY_HAND, sameDump, startStores, storeNodes } from './store-nodes.ts';
import type { StoreNode } from './store-nodes.ts';

const FEW = { ...BY_HAND, 'store.partitions': '2' };
const ROWS = { prefix: 'warm', from: 0, to: 200, value: 'x'.repeat(500) } as const;
const ROW = { prefix: 'warm', key: 'later', value: 'y'.repeat(500) } as const;

describe('a file system', () => {
  for (const engine of DURABLE_ENGINES) {
    test(`that is full stops the writes on ${engine.name} and nothing else, until there is room`, async (t) => {
      const disk = mounted(t, '160m');
      if (disk === undefined) return;
      const settings = {
        ...FEW,
        'store.engine': engine.name,
        'store.data_dir': join(disk, 'data'),
      };
      const [node] = (await startStores(t, { size: 1, settings })) as [StoreNode];
      assert.equal((await node.ask('put', ROWS)).stored, 200);
      assert.deepEqual(await node.problems(), []);
      fill(join(disk, 'filler'));
      await node.until('refusing', async () => {
        const outcome = await node.ask('put_one', ROW);
        return outcome.startsWith('disk: ') ? true : undefined;
      });
      const problem = await node.until('not ready', async () => (await node.problems())[0]);
      assert.match(problem, /full/);
      assert.equal(await node.valueOf('k7'), ROWS.value);
      rmSync(join(disk, 'filler'));
      await node.until('ready again', async () =>
        (await node.problems()).length === 0 ? true : undefined,
      );
      assert.equal(await node.ask('put_one', { ...ROW, value: 'after' }), 'stored');
      await node.end('SIGKILL');
      await node.start();
      assert.equal(await node.valueOf('later'), 'after');
      for (let i = 0; i < 200; i++) assert.equal(await node.valueOf(`k${i}`), ROWS.value);
      assert.equal(await node.ask('check', {}), 0);
    });
  }

  test('that cannot be written to is refused at the start, and is left as it is', async (t) => {
    const disk = mounted(t, '160m');
    if (disk === undefined) return;
    const settings = { ...FEW, 'store.data_dir': join(disk, 'data') };
    const [node] = (await startStores(t, { size: 1, settings })) as [StoreNode];
    assert.equal((await node.ask('put', ROWS)).stored, 200);
    await node.end('SIGTERM');
    mount(['-o', 'remount,ro', disk]);
    assert.equal(await node.tryToStart(), 1);
    assert.match(node.output, /cannot start: store\.data_dir .*(EROFS|ead-only file system)/);
    mount(['-o', 'remount,rw', disk]);
    await node.start();
    assert.equal(await node.valueOf('k199'), ROWS.value);
  });
});

describe('a data directory', () => {
  test('that is used is refused, and its user goes on', async (t) => {
    const settings = { ...FEW, 'store.data_dir': join(scratch(t), 'data') };
    const [user, other] = (await storeNodes(t, { size: 2, settings })) as [StoreNode, StoreNode];
    await user.start();
    assert.equal((await user.ask('put', ROWS)).stored, 200);
    assert.equal(await other.tryToStart(), 1);
    assert.match(
      other.output,
      /cannot start: store\.data_dir .*the process \d+ uses this data dir/,
    );
    assert.match(other.output, /Stop the other process/);
    assert.equal(await user.ask('put_one', ROW), 'stored');
    assert.deepEqual(await user.problems(), []);
  });

  test('whose lock is gone takes no writes and shows in /ready, until the node is started again', async (t) => {
    const [node] = (await startStores(t, { size: 1, settings: FEW })) as [StoreNode];
    assert.deepEqual(await node.problems(), []);
    assert.equal((await node.ask('put', ROWS)).stored, 200);
    rmSync(join(node.dataDirectory, 'node.lock'));
    assert.match(await node.ask('put_one', ROW), /^disk: the lock was removed or taken over/);
    const problem = await node.until('not ready', async () => (await node.problems())[0]);
    assert.match(problem, /node\.lock: locked: the lock was removed or taken over/);
    assert.equal(await node.valueOf('k7'), ROWS.value);
    await node.end('SIGTERM');
    await node.start();
    assert.equal(await node.ask('put_one', ROW), 'stored');
    assert.deepEqual(await node.problems(), []);
  });

  for (const engine of DURABLE_ENGINES) {
    test(`with a corrupt partition on ${engine.name} is taken: the partition is set aside and comes back`, async (t) => {
      const settings = { ...FEW, 'store.engine': engine.name };
      const nodes = await startStores(t, { size: 2, settings });
      const [healthy, broken] = nodes as [StoreNode, StoreNode];
      assert.equal((await healthy.ask('put', ROWS)).stored, 200);
      await allLinked(nodes);
      const before = await sameDump(nodes);
      await broken.end('SIGKILL');
      const [database] = databases(engine, broken.dataDirectory);
      overwrite(database!, /^(MANIFEST|CURRENT)/);
      await broken.start();
      assert.equal(await broken.count('store_partitions_set_aside'), 1);
      assert(broken.output.includes('store_partition_corrupt'));
      assert(existsSync(`${database!}.corrupt-1`));
      await allLinked(nodes);
      assert.deepEqual(await sameDump(nodes), before);
      assert.deepEqual(await broken.problems(), []);
    });
  }
});

test('the second of two nodes with one name is let in by nobody, both are told why, and it is not ready', async (t) => {
  const all = await storeNodes(t, {
    size: 3,
    settings: BY_HAND,
    settingsOf: (index): Record<string, string> =>
      index === 0 ? {} : { 'node.name': 'bondy@twin' },
  });
  const [witness, first, second] = all as [StoreNode, StoreNode, StoreNode];
  await witness.start();
  await first.start();
  // Until it has a link: first come is first served.
  await first.exchangeWith(witness);
  await second.start();
  for (const twin of [first, second]) {
    await twin.until('told', async () =>
      twin.output.includes('two nodes are called bondy@twin') ? true : undefined,
    );
  }
  const problem = await second.until('not ready', async () => (await second.problems())[0]);
  assert.match(problem, /^same_name: bondy@node1 knows another living node called bondy@twin/);
  for (const node of [witness, first]) assert.deepEqual(await node.problems(), [], node.name);
  await second.ask('put_one', { ...ROW, value: 'of the twin' });
  const outcome = await second.ask('exchange', { peer: `bondy@${witness.name}` });
  assert.equal(outcome.kind, 'failed');
  assert.equal(await witness.valueOf(ROW.key), undefined);
  assert.equal((await first.exchangeWith(witness)).kind, 'equal');
});

/** A small file system of its own; undefined, with a word, where this user may not mount. */
function mounted(t: TestContext, size: string): string | undefined {
  if (process.getuid?.() !== 0) return skip(t, 'only root can mount a file system');
  const path = mkdtempSync(join(tmpdir(), 'bondy-disk-'));
  const { status, stderr } = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${size}`,
    'tmpfs',
    path,
  ]);
  t.after(() => {
    spawnSync('umount', ['-l', path]);
    rmdirSync(path);
  });
  if (status !== 0) return skip(t, `no file system can be mounted here: ${stderr}`);
  return path;
}

function skip(t: TestContext, why: string): undefined {
  console.error(`\n*** SKIPPED: ${t.name}: ${why}\n`);
  t.skip(why);
}

function mount(args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args);
  assert.equal(status, 0, String(stderr));
}

/** Until nothing fits any more. */
function fill(path: string): void {
  const block = Buffer.alloc(64 * 1024);
  for (const size of [block.length, 4096, 1]) {
    for (;;) {
      try {
        writeFileSync(path, block.subarray(0, size), { flag: 'a' });
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
        break;
      }
    }
  }
}

function overwrite(directory: string, which: RegExp): void {
  const files = readdirSync(directory).filter((file) => which.test(file));
  assert(files.length > 0, `${directory} has nothing to overwrite`);
  for (const file of files) {
    const path = join(directory, file);
    writeFileSync(path, Buffer.alloc(Math.max(64, statSync(path).size), 0xa5));
  }
}
