/** The probe survives what it probes. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { probeRocksdb } from '../../../runtime/disk/engine-probe.ts';
import { scratch } from '../../support/scratch.ts';

/** A "Node" that does this; the marks it leaves count how often it ran. */
function fakeNode(directory: string, does: string): { execPath: string; runs: () => number } {
  const execPath = join(directory, 'node');
  const marks = join(directory, 'marks');
  writeFileSync(execPath, `#!/bin/sh\necho run >> '${marks}'\n${does}\n`);
  writeFileSync(marks, '');
  chmodSync(execPath, 0o755);
  return { execPath, runs: () => readFileSync(marks, 'utf8').split('\n').length - 1 };
}

test('a binary that aborts is a reason, not our end', async (t) => {
  const { execPath } = fakeNode(
    scratch(t),
    `echo "terminate called after throwing an instance of 'std::bad_alloc'" >&2; ulimit -c 0; kill -ABRT $$`,
  );
  const probed = await probeRocksdb({ timeoutMs: 10_000, execPath });
  assert(probed.kind === 'fails');
  assert.match(probed.reason, /SIGABRT: terminate called .* 'std::bad_alloc'/);
});

test('a binary that hangs is killed', async (t) => {
  const { execPath } = fakeNode(scratch(t), 'exec sleep 60');
  assert.deepEqual(await probeRocksdb({ timeoutMs: 200, execPath }), {
    kind: 'fails',
    reason: 'no end after 200 ms',
  });
});

test('an engine that answers with an error is quoted', async (t) => {
  const { execPath } = fakeNode(scratch(t), `printf 'refused Invalid argument: no such thing'`);
  assert.deepEqual(await probeRocksdb({ timeoutMs: 10_000, execPath }), {
    kind: 'fails',
    reason: 'Invalid argument: no such thing',
  });
});

test('the answer is kept until Node changes, and asked again when it is damaged', async (t) => {
  const directory = scratch(t);
  const { execPath, runs } = fakeNode(directory, `printf works`);
  const cacheFile = join(directory, 'engine-probe.json');
  const probe = () => probeRocksdb({ timeoutMs: 10_000, execPath, cacheFile });
  assert.deepEqual(await probe(), { kind: 'works' });
  assert.deepEqual(await probe(), { kind: 'works' });
  assert.equal(runs(), 1);
  utimesSync(execPath, 1, 1);
  await probe();
  assert.equal(runs(), 2);
  writeFileSync(cacheFile, readFileSync(cacheFile, 'utf8').replace('works', 'workz'));
  await probe();
  assert.equal(runs(), 3);
});

test('the database that is tried is beside the answer, in a folder that can be written, and gone afterwards', async (t) => {
  const directory = scratch(t);
  const { execPath } = fakeNode(directory, `echo "$@" > '${directory}/asked'`);
  const { TMPDIR } = process.env;
  process.env['TMPDIR'] = join(directory, 'none');
  t.after(() => {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  });
  const data = join(directory, 'data');
  mkdirSync(data);
  await probeRocksdb({ timeoutMs: 10_000, execPath, cacheFile: join(data, 'engine-probe.json') });
  assert.match(readFileSync(join(directory, 'asked'), 'utf8'), /\/data\/bondy-probe-/);
  assert.deepEqual(readdirSync(data), ['engine-probe.json']);
});

test('a failure is kept too', async (t) => {
  const directory = scratch(t);
  const { execPath, runs } = fakeNode(directory, 'exit 3');
  const cacheFile = join(directory, 'engine-probe.json');
  for (let i = 0; i < 2; i++) {
    const probed = await probeRocksdb({ timeoutMs: 10_000, execPath, cacheFile });
    assert.equal(probed.kind === 'fails' && probed.reason, 'it ended with 3');
  }
  assert.equal(runs(), 1);
});
