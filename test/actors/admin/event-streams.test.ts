import { test } from 'node:test';
import assert from 'node:assert/strict';
import { EventStreams, type EventSink, type Scene } from '../../../actors/admin/event-streams.ts';
import type { CrashReport, TreeNode } from '../../../runtime/kernel/kernel.ts';
import { node } from './stage.ts';

const LIMITS = { maxStreams: 2, maxSlowTicks: 2, maxStreamBacklogBytes: 1_000 };

class RecordedSink implements EventSink {
  readonly texts: string[] = [];
  backlog = 0;
  isOpen = true;
  isClosed = false;

  write(text: string): void {
    this.texts.push(text);
  }

  close(): void {
    this.isClosed = true;
  }

  /** The kinds of the events so far. */
  kinds(): string[] {
    return this.texts.map((text) => /^event: (\w+)\n/.exec(text)?.[1] ?? '?');
  }

  last(): { rows: TreeNode[]; crashes: CrashReport[]; node: object } {
    return JSON.parse(/\ndata: ([^\n]*)\n\n$/.exec(this.texts.at(-1) ?? '')?.[1] ?? 'null');
  }
}

function scene(tree: TreeNode, reports: number[] = [], walked: number[] = []): Scene {
  const crashes = reports.map((sequence) => ({
    sequence,
    at: 0,
    path: 'root/a',
    pid: 1,
    reason: 'boom',
    stack: undefined,
    lastMessage: undefined,
  }));
  return {
    tree: (limit) => {
      walked.push(limit);
      return tree;
    },
    crashes: () => crashes,
    node: { name: 'n' },
  };
}

test('whoever may no longer see the tree gets nothing more of it', () => {
  const streams = new EventStreams(LIMITS);
  const [gone, other] = [new RecordedSink(), new RecordedSink()];
  for (const sink of [gone, other]) streams.add(sink, 200);
  gone.isOpen = false;
  assert.deepEqual([streams.endClosed(), streams.size, streams.endClosed()], [1, 1, 0]);
  streams.tick(scene(node('root')));
  assert.deepEqual([gone.isClosed, other.isClosed], [true, false]);
  assert.deepEqual([gone.kinds(), other.kinds()], [[], ['tree']]);
});

test('a follower gets the whole tree first and changes after it', () => {
  const streams = new EventStreams(LIMITS);
  const sink = new RecordedSink();
  streams.add(sink, 200);
  streams.tick(scene(node('root', { children: [node('root/a')] })));
  streams.tick(scene(node('root', { children: [node('root/a', { handled: 3 })] })));
  assert.deepEqual(sink.kinds(), ['tree', 'delta']);
  assert.deepEqual(
    sink.last().rows.map(({ path }) => path),
    ['root/a'],
  );
});

test('a follower that comes later starts with the whole tree and disturbs nobody', () => {
  const streams = new EventStreams(LIMITS);
  const [first, second] = [new RecordedSink(), new RecordedSink()];
  streams.add(first, 200);
  streams.tick(scene(node('root')));
  streams.add(second, 200);
  streams.tick(scene(node('root')));
  assert.deepEqual(first.kinds(), ['tree', 'delta']);
  assert.deepEqual(second.kinds(), ['tree']);
});

test('followers who see the same share one walk of the tree', () => {
  const streams = new EventStreams(LIMITS);
  streams.add(new RecordedSink(), 200);
  streams.add(new RecordedSink(), 200);
  const walked: number[] = [];
  streams.tick(scene(node('root'), [], walked));
  assert.deepEqual(walked, [200]);
});

test('a crash report travels once, and all that are kept to a newcomer', () => {
  const streams = new EventStreams(LIMITS);
  const [first, second] = [new RecordedSink(), new RecordedSink()];
  streams.add(first, 200);
  streams.tick(scene(node('root'), [1]));
  streams.add(second, 200);
  streams.tick(scene(node('root'), [1, 2]));
  assert.deepEqual(
    first.last().crashes.map(({ sequence }) => sequence),
    [2],
  );
  assert.deepEqual(
    second.last().crashes.map(({ sequence }) => sequence),
    [1, 2],
  );
});

test('names with line breaks stay inside their event', () => {
  const streams = new EventStreams(LIMITS);
  const sink = new RecordedSink();
  streams.add(sink, 200);
  streams.tick(scene(node('root', { lastExit: 'a\n\nevent: evil\r\ndata: {}\u2028' })));
  assert.equal(sink.texts[0]?.match(/^event: /gm)?.length, 1);
  assert.equal(sink.last().rows[0]?.lastExit, 'a\n\nevent: evil\r\ndata: {}\u2028');
});

test('there is room for so many followers, and again after one left', () => {
  const streams = new EventStreams(LIMITS);
  const first = new RecordedSink();
  assert.ok(streams.add(first, 200));
  assert.ok(streams.add(new RecordedSink(), 50));
  assert.ok(!streams.add(new RecordedSink(), 200));
  streams.remove(first);
  assert.ok(streams.add(new RecordedSink(), 200));
});

test('a follower that does not read is cut after so many ticks, one that catches up is not', () => {
  const streams = new EventStreams(LIMITS);
  const [stuck, slow] = [new RecordedSink(), new RecordedSink()];
  streams.add(stuck, 200);
  streams.add(slow, 200);
  const cuts = [0, 0, 10, 10, 0, 10, 10].map((backlog) => {
    slow.backlog = backlog;
    stuck.backlog = 1;
    return streams.tick(scene(node('root')));
  });
  assert.deepEqual(cuts, [0, 0, 1, 0, 0, 0, 0]);
  assert.ok(stuck.isClosed);
  assert.ok(!slow.isClosed);
  assert.equal(streams.size, 1);
});

test('a follower with too many bytes waiting is cut at once and gets no more', () => {
  const streams = new EventStreams(LIMITS);
  const sink = new RecordedSink();
  streams.add(sink, 200);
  sink.backlog = 1_001;
  assert.equal(streams.tick(scene(node('root'))), 1);
  assert.ok(sink.isClosed);
  assert.deepEqual(sink.texts, []);
});
