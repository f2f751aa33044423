/** `bondy.backup.*` over WAMP: what was in the store when the backup was made is there again, and everybody is told. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { Details } from '../support/raw-client.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { administrator, ask, newRealm, refusal, SETTINGS } from './support.ts';

const directory = mkdtempSync(join(tmpdir(), 'bondy-backups-'));
let node: NodeHandle;
before(async () => {
  node = await startTestNode({
    ...SETTINGS,
    'store.engine': 'leveldb',
    'store.partitions': '2',
    'store.data_dir': join(directory, 'data'),
    'backup.dir': directory,
  });
});
after(async () => {
  await node.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('backups', () => {
  test('are written, checked and restored, and each step is published', async (t) => {
    const admin = await administrator(t, node.urls);
    const watcher = await administrator(t, node.urls);
    await watcher.subscribe('bondy.backup.', { match: 'prefix' });
    const realm = await newRealm(admin);
    const file = join(directory, 'first.bak');
    const told = async (...topics: readonly string[]): Promise<void> => {
      for (const topic of topics) {
        const [, , , details, args] = await watcher.expect(wamp.EVENT);
        assert.equal((details as Details)['topic'], `bondy.backup.${topic}`);
        assert.deepEqual(args, [file]);
      }
    };

    const created = (await ask(admin, 'bondy.backup.create', { filename: 'first' })) as Details;
    assert.equal(created['filename'], file);
    assert(Number(created['rows']) > 0);
    await told('started', 'finished');
    const verified = (await ask(admin, 'bondy.backup.verify', 'first')) as Details;
    assert.equal(verified['rows'], created['rows']);

    await ask(admin, 'bondy.user.add', realm, { username: 'later' });
    await ask(admin, 'bondy.user.delete', realm, 'user1');
    const restored = await admin.call('bondy.backup.restore', [{ path: 'first' }], {
      as_new: true,
    });
    assert.equal((restored[3] as Details[])[0]!['filename'], file);
    await told('restore_started', 'restore_finished');
    const names = ((await ask(admin, 'bondy.user.list', realm)) as Details[]).map(
      ({ username }) => username,
    );
    assert(names.includes('later'), 'what came later is nothing that a backup takes away');
    const status = (await ask(admin, 'bondy.backup.status')) as Details;
    assert.equal(status['status'], 'idle');
    assert.equal((status['last'] as Details)['outcome'], 'done');
  });

  test('that are not there, or are none, or have a path for a name are refused, and that is published', async (t) => {
    const admin = await administrator(t, node.urls);
    const watcher = await administrator(t, node.urls);
    await watcher.subscribe('bondy.backup.restore_failed');
    await refusal(admin, 'bondy.error.not_found', 'bondy.backup.restore', 'nothing');
    assert.deepEqual((await watcher.expect(wamp.EVENT))[4], [join(directory, 'nothing.bak')]);
    writeFileSync(join(directory, 'other.bak'), 'something else');
    for (const verb of ['verify', 'restore']) {
      const what = `bondy.backup.${verb}`;
      await refusal(admin, 'wamp.error.invalid_argument', what, 'other');
      await refusal(admin, 'wamp.error.invalid_argument', what, '../other');
      const missing = await refusal(admin, 'wamp.error.invalid_argument', what);
      assert.equal(missing['path'], 'file');
    }
  });

  test('do not take the place of another', async (t) => {
    const admin = await administrator(t, node.urls);
    const watcher = await administrator(t, node.urls);
    await ask(admin, 'bondy.backup.create', 'twice');
    await watcher.subscribe('bondy.backup.failed');
    await refusal(admin, 'bondy.error.inconsistency_error', 'bondy.backup.create', 'twice');
    assert.deepEqual((await watcher.expect(wamp.EVENT))[4], [join(directory, 'twice.bak')]);
  });
});
