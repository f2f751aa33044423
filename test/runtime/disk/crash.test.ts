/** Real processes, killed while they write: what was acknowledged is there, without any repair. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openGuarded } from '../../../runtime/disk/guarded-open.ts';
import { DEFAULT_OPEN_OPTIONS } from '../../../runtime/disk/config.ts';
import { startProgram } from '../../support/programs.ts';
import { scratch } from '../../support/scratch.ts';
import { close, DURABLE_ENGINES, readAll, text, tryOpen } from '../../support/storage.ts';

for (const engine of DURABLE_ENGINES) {
  test(`${engine.name}: every acknowledged key survives SIGKILL after SIGKILL`, async (t) => {
    const path = join(scratch(t), 'db');
    const acknowledged: string[] = [];
    for (const [life, lines] of [100, 1500, 4000].entries()) {
      const writer = startProgram(t, import.meta.url, './children/writer', [
        engine.name,
        path,
        `life${life}`,
      ]);
      for (let i = 0; i < lines; i++) acknowledged.push((await writer.line())!);
      const rest = writer.rest();
      await writer.kill();
      acknowledged.push(...(await rest).filter((line) => /^life\d+-\d+-\d+$/.test(line)));
    }
    const opened = await openGuarded(engine, path, DEFAULT_OPEN_OPTIONS, { timeoutMs: 10_000 });
    assert(opened.kind === 'ok');
    const all = await readAll(opened.value);
    assert(all.kind === 'ok');
    const found = new Map(all.value.map(({ key, value }) => [text(key), text(value)]));
    const lost = acknowledged.filter((key) => found.get(key) !== key.repeat(20));
    assert.deepEqual(lost, []);
    assert(acknowledged.length > 5_000);
    await close(opened.value);
  });

  test(`${engine.name}: a second process is refused while the first lives`, async (t) => {
    const path = join(scratch(t), 'db');
    const writer = startProgram(t, import.meta.url, './children/writer', [engine.name, path, 'a']);
    await writer.line();
    const refused = await tryOpen(engine, path);
    assert.equal(refused.kind === 'failed' && refused.failure.kind, 'locked');
    await writer.kill();
    const opened = await tryOpen(engine, path);
    assert(opened.kind === 'ok');
    await close(opened.value);
  });
}
