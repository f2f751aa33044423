/**
 * Backups that are too large, of another version, cut or of another cluster: each is refused before anything changes, with
 * a sentence. What a restore would bring back is a user that was removed since.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FRAME_HEAD_BYTES, MAGIC } from '../../runtime/disk/archive-format.ts';
import { crc32c } from '../../runtime/disk/crc32c.ts';
import type { Details } from '../support/raw-client.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { administrator, ask, newRealm, SETTINGS } from './support.ts';

const directory = mkdtempSync(join(tmpdir(), 'bondy-refused-backups-'));
const MAX_BYTES = 1024 * 1024;
let node: NodeHandle;
let realm: string;
let whole: Buffer;

function start(name: string, settings: Readonly<Record<string, string>> = {}): Promise<NodeHandle> {
  return startTestNode({
    ...SETTINGS,
    'store.engine': 'leveldb',
    'store.partitions': '2',
    'store.data_dir': join(directory, name),
    'backup.dir': directory,
    'backup.max_size': String(MAX_BYTES),
    ...settings,
  });
}

before(async () => {
  node = await start('data');
});
after(async () => {
  await node.stop();
  rmSync(directory, { recursive: true, force: true });
});

const fileOf = (name: string): string => join(directory, `${name}.bak`);

describe('a backup', () => {
  it('is written, and a user is removed', async (t) => {
    const admin = await administrator(t, node.urls);
    realm = await newRealm(admin);
    await ask(admin, 'bondy.backup.create', 'whole');
    whole = readFileSync(fileOf('whole'));
    await ask(admin, 'bondy.user.delete', realm, 'user1');
  });

  const damages: Readonly<Record<string, readonly [RegExp, () => Buffer]>> = {
    'too large': [/more than backup\.max_size \(1048576\)/, () => padded(MAX_BYTES + 1)],
    'of another format': [/has format 2, this version knows 1/, () => flipped(MAGIC.length - 1, 3)],
    'of another version': [/has version 2, this one knows 1/, ofVersion2],
    'cut behind its header': [
      /damaged at byte \d+: it ends too early/,
      () => whole.subarray(0, headBytes() + FRAME_HEAD_BYTES),
    ],
    'cut in the middle': [
      /damaged at byte \d+: it ends too early/,
      () => whole.subarray(0, whole.length >> 1),
    ],
    'cut by its last byte': [
      /damaged at byte \d+: it ends too early/,
      () => whole.subarray(0, whole.length - 1),
    ],
    'with something behind its end': [
      /there is more behind its end/,
      () => padded(whole.length + 1),
    ],
    damaged: [/damaged at byte \d+: a checksum does not fit/, () => flipped(whole.length >> 1, 1)],
  };
  for (const [what, [words, bytes]] of Object.entries(damages)) {
    it(`${what} is refused, and nothing has changed`, async (t) => {
      const admin = await administrator(t, node.urls);
      writeFileSync(fileOf('refused'), bytes());
      for (const as_new of [false, true]) {
        const restore = [['refused'], { as_new }] as const;
        const uri = 'wamp.error.invalid_argument';
        const error = await admin.callFails(uri, 'bondy.backup.restore', ...restore);
        assert.match(String((error[6] as Details)['message']), words);
      }
      assert.deepEqual(await ask(admin, 'bondy.user.list', realm), []);
    });
  }

  it('of another cluster is refused, unless its values are to be written anew', async (t) => {
    const other = await start('other', { 'cluster.name': 'another' });
    t.after(() => other.stop());
    const there = await administrator(t, other.urls);
    const theirs = await newRealm(there);
    await ask(there, 'bondy.backup.create', 'theirs');
    const admin = await administrator(t, node.urls);
    const uri = 'bondy.error.inconsistency_error';
    const error = await admin.callFails(uri, 'bondy.backup.restore', ['theirs']);
    assert.match(String((error[6] as Details)['message']), /of the cluster "another"/);
    await admin.callFails('wamp.error.no_such_realm', 'bondy.user.list', [theirs]);
    await admin.call('bondy.backup.restore', ['theirs'], { as_new: true });
    const users = (await ask(admin, 'bondy.user.list', theirs)) as Details[];
    assert.deepEqual(
      users.map(({ username }) => username),
      ['user1'],
    );
  });

  it('that is whole brings back what it was tried for', async (t) => {
    const admin = await administrator(t, node.urls);
    await admin.call('bondy.backup.restore', ['whole'], { as_new: true });
    const users = (await ask(admin, 'bondy.user.list', realm)) as Details[];
    assert.deepEqual(
      users.map(({ username }) => username),
      ['user1'],
    );
  });
});

/** Up to and with the header's JSON. */
function headBytes(): number {
  return MAGIC.length + 4 + whole.readUInt32BE(MAGIC.length);
}

function padded(bytes: number): Buffer {
  return Buffer.concat([whole, Buffer.alloc(bytes - whole.length)]);
}

function flipped(at: number, bits: number): Buffer {
  const bytes = Buffer.from(whole);
  bytes[at]! ^= bits;
  return bytes;
}

/** With a checksum that fits. */
function ofVersion2(): Buffer {
  const bytes = Buffer.from(whole);
  const at = bytes.indexOf('"version":1');
  assert(at > 0 && at < headBytes());
  bytes.write('2', at + '"version":'.length);
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, headBytes())), headBytes());
  return bytes;
}
