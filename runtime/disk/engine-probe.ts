/**
 * Whether the rocksdb binary can be used by this Node: tried in a child process, because where it cannot, loading it
 * aborts. The answer is kept in the data directory, for as long as neither Node nor the binary changes.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ChildOptions } from './child-check.ts';
import { packageMain, tryEngine } from './child-check.ts';
import type { RecordKind } from './record-file.ts';
import { readRecord, writeRecord } from './record-file.ts';

export type ProbeResult =
  { readonly kind: 'works' } | { readonly kind: 'fails'; readonly reason: string };

export interface ProbeOptions extends ChildOptions {
  /** Where the answer is kept; absent: it is not. */
  readonly cacheFile?: string;
}

export async function probeRocksdb(options: ProbeOptions): Promise<ProbeResult> {
  const subject = subjectOfProbe(options.execPath ?? process.execPath);
  if (subject.kind === 'missing') return { kind: 'fails', reason: subject.reason };
  const { cacheFile } = options;
  const cached = cacheFile === undefined ? undefined : readCache(cacheFile, subject.key);
  if (cached !== undefined) return cached;
  const result = await probe(options);
  // Not kept, it is asked again at the next start: that is all.
  if (cacheFile !== undefined) writeRecord(cacheFile, CACHE, { subject: subject.key, result });
  return result;
}

/** Beside the answer, where there is one: a container may have no other folder that can be written. */
async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const { cacheFile } = options;
  const parent = cacheFile === undefined ? tmpdir() : dirname(cacheFile);
  const directory = mkdtempSync(join(parent, 'bondy-probe-'));
  try {
    const check = await tryEngine('rocksdb', join(directory, 'db'), options);
    return check.kind === 'works' ? check : { kind: 'fails', reason: check.detail };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Subject =
  | { readonly kind: 'found'; readonly key: string }
  | { readonly kind: 'missing'; readonly reason: string };

/** The builds of Node and of the binary, not only their versions: both come in several under one number. */
function subjectOfProbe(execPath: string): Subject {
  try {
    const main = packageMain('rocksdb');
    const load = createRequire(main);
    const { version } = load('./package.json') as { version: string };
    const binding = (load('node-gyp-build') as { path(directory: string): string }).path(
      dirname(main),
    );
    const { version: node, arch } = process;
    return {
      kind: 'found',
      key: `node ${node} ${arch} ${stamp(execPath)}, rocksdb ${version} ${stamp(binding)}`,
    };
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    return { kind: 'missing', reason: reason! };
  }
}

function stamp(file: string): string {
  const { size, mtimeMs } = statSync(file);
  return `${size}@${Math.floor(mtimeMs)}`;
}

interface Cached {
  readonly subject: string;
  readonly result: ProbeResult;
}

const CACHE: RecordKind<Cached> = {
  format: 1,
  parse: ({ subject, result }) => {
    const { kind, reason } = (result ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof subject !== 'string') return undefined;
    if (kind === 'works') return { subject, result: { kind } };
    return kind === 'fails' && typeof reason === 'string'
      ? { subject, result: { kind, reason } }
      : undefined;
  },
};

/** A damaged file is as good as none. */
function readCache(file: string, subject: string): ProbeResult | undefined {
  const read = readRecord(file, CACHE);
  return read.kind === 'ok' && read.value?.subject === subject ? read.value.result : undefined;
}
