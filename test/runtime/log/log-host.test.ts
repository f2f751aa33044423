/** The logger: what a line looks like, that nothing forges one, what a level costs, where lines go. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { jsonLine, terminalLine } from '../../../runtime/log/format.ts';
import { kernelLog } from '../../../runtime/log/kernel-log.ts';
import { createLogHost } from '../../../runtime/log/log-host.ts';
import type { LogConfig, LogHost } from '../../../runtime/log/log-host.ts';
import { LineSink } from '../../../runtime/log/line-sink.ts';

class Recorder extends Writable {
  readonly isTTY: boolean;
  text = '';
  constructor(isTTY = false) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }
  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk;
    done();
  }
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

function logHost(config: Partial<LogConfig> = {}, output = new Recorder()) {
  const failures: Error[] = [];
  const whole: LogConfig = { level: 'info', format: 'json', file: undefined, ...config };
  const host: LogHost = createLogHost(whole, output, (error) => failures.push(error));
  return { host, output, failures, logger: host.logger };
}

describe('a line of JSON', () => {
  test('has time, level and event before the fields', () => {
    const { logger, output } = logHost();
    logger.info('listening', { port: 18080, ticket: 'hunter2' });
    const line: unknown = JSON.parse(output.lines[0]);
    const { time, ...rest } = line as Record<string, unknown>;
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(rest, { level: 'info', event: 'listening', port: 18080, ticket: '[secret]' });
  });

  test('keeps its own words when a field has the same name', () => {
    const { logger, output } = logHost();
    logger.warn('real', { event: 'forged', level: 'debug', time: 0 });
    const { event, level, field_event: renamed } = JSON.parse(output.lines[0]);
    assert.deepEqual([event, level, renamed], ['real', 'warn', 'forged']);
  });
});

describe('a line for people', () => {
  test('has a time, a level, an event and the fields', () => {
    const { logger, output } = logHost({ format: 'terminal' });
    logger.error('session_aborted', { realm: 'com.example', detail: 'two words', n: 1 });
    assert.match(
      output.lines[0],
      /^\d\d:\d\d:\d\d\.\d{3} error session_aborted {2}realm=com\.example detail="two words" n=1$/,
    );
  });

  test('is coloured on a terminal only', () => {
    const record = { at: 0, level: 'warn', event: 'e', fields: {} } as const;
    assert.match(terminalLine({ isColoured: true })(record), /\u001b\[33mwarn/);
    assert.doesNotMatch(terminalLine({ isColoured: false })(record), /\u001b/);
    const { logger, output } = logHost({ format: 'terminal' }, new Recorder(false));
    logger.warn('e');
    assert.doesNotMatch(output.text, /\u001b/);
  });

  test('is followed by the stack of an error, every line of it indented', () => {
    const { logger, output } = logHost({ format: 'terminal' });
    logger.error('crashed', { error: new Error('boom\n00:00:00.000 info forged') });
    const [head, ...stack] = output.lines;
    assert.match(head, / crashed {2}error=\{"name":"Error"/);
    assert.ok(stack.length > 2);
    for (const line of stack) assert.match(line, /^ {4}/);
  });
});

test('no text in event or fields can end a line or move a cursor', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  const hostile = fc.oneof(
    text,
    fc.constantFrom('\n', '\r\n', '\u001b[2J', '\u2028', '\u0085', '\u202e'),
  );
  fc.assert(
    fc.property(hostile, fc.dictionary(hostile, hostile), (event, fields) => {
      const record = { at: 0, level: 'info', event, fields } as const;
      for (const line of [jsonLine(record), terminalLine({ isColoured: false })(record)]) {
        const withoutStack = 'stack' in fields ? (line.split('\n', 1)[0] ?? '') : line;
        assert.doesNotMatch(withoutStack, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
      }
    }),
  );
});

describe('the level', () => {
  test('decides what is written, and can be changed while it runs', () => {
    const { host, logger, output } = logHost({ level: 'warn' });
    logger.info('quiet');
    host.setLevel('debug');
    logger.debug('loud');
    host.setLevel('error');
    logger.warn('quiet_again');
    assert.deepEqual(
      output.lines.map((line) => JSON.parse(line).event),
      ['loud'],
    );
  });

  test('is a plain property to ask for', () => {
    const { host, logger } = logHost({ level: 'info' });
    assert.deepEqual([logger.isDebugEnabled, logger.isEnabled('info')], [false, true]);
    host.setLevel('debug');
    assert.deepEqual([logger.isDebugEnabled, logger.isEnabled('debug')], [true, true]);
    host.setLevel('error');
    assert.deepEqual([logger.isDebugEnabled, logger.isEnabled('warn')], [false, false]);
  });

  test('when it is not enabled nothing in the fields is looked at', () => {
    const { logger } = logHost({ level: 'info' });
    const trap = new Proxy({}, { ownKeys: () => assert.fail('looked at') });
    logger.debug('quiet', trap);
    logger.log('debug', 'quiet', trap);
  });
});

describe('a log file', () => {
  test('is opened anew after it was moved away, and gets everything before the end', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bondy-log-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'bondy.log');
    const { host, logger, output } = logHost({ file });
    logger.info('first');
    await host.close();
    renameSync(file, `${file}.1`);
    const second = logHost({ file });
    second.logger.info('second');
    second.host.reopen();
    second.logger.info('third');
    await second.host.close();
    assert.match(readFileSync(`${file}.1`, 'utf8'), /first/);
    assert.match(readFileSync(file, 'utf8'), /second[^]*third/);
    assert.equal(output.text, '');
  });

  test('that cannot be written is reported and costs only the lines', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bondy-log-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const { host, logger, failures } = logHost({ file: join(folder, 'no', 'such', 'folder') });
    logger.info('lost');
    await host.close();
    logger.info('lost too');
    assert.match(failures[0]?.message ?? '', /ENOENT/);
  });
});

test('a reader that is too slow costs lines, and the next line says how many', () => {
  const stuck = new Writable({ decodeStrings: false, highWaterMark: 1, write() {} });
  const sink = new LineSink(stuck, (count) => `${count} dropped\n`);
  const big = 'x'.repeat(1024 * 1024);
  for (let at = 0; at < 20; at++) sink.write(big);
  assert.ok(stuck.writableLength < 10 * 1024 * 1024);
  const next = new Recorder();
  sink.redirect(next);
  sink.write('after\n');
  assert.deepEqual(next.lines, ['11 dropped', 'after']);
});

test('the kernel speaks through the logger', () => {
  const { logger, output } = logHost({ level: 'info' });
  const kernel = kernelLog(logger);
  kernel.event('debug', 'started', { path: 'bondy' });
  kernel.event('warn', 'restarting', { path: 'bondy/x' });
  kernel.crash({
    sequence: 1,
    at: 0,
    path: 'bondy/x',
    pid: 7,
    reason: 'boom',
    stack: 'Error: boom',
    lastMessage: 'frames',
  });
  const events = output.lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ event, level }) => [event, level]),
    [
      ['restarting', 'warn'],
      ['actor_crashed', 'error'],
    ],
  );
  assert.equal(events[1].lastMessage, 'frames');
});
