/**
 * Which engine the store runs on: chosen when the data directory is new, recorded there, and kept. What does not fit the
 * record is refused, because with another engine, or another number of partitions, the node would start empty.
 */
import { rmSync } from 'node:fs';
import type { EngineChoice } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import type { ProbeResult } from './engine-probe.ts';
import { renderFailure } from './failure.ts';
import { loadEngine } from './engines.ts';
import type { Manifest } from './manifest.ts';
import { readManifest, writeManifest } from './manifest.ts';
import type { EngineName, StorageEngine } from './storage.ts';

export type EngineDecision =
  | {
      readonly kind: 'ok';
      readonly engine: StorageEngine;
      readonly partitions: number;
      readonly databases: number;
      /** Why it is not rocksdb, one line for the log. */
      readonly note: string | undefined;
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly advice: string };

export interface EngineQuestion {
  readonly directory: DataDirectory;
  readonly choice: EngineChoice;
  readonly partitions: number;
  /** Of a new data directory: 1, or as many as partitions. An old one keeps its number. */
  readonly databases: number;
  readonly probe: () => Promise<ProbeResult>;
}

/** With the lock of the directory held. */
export async function chooseEngine(question: EngineQuestion): Promise<EngineDecision> {
  const recorded = readManifest(question.directory);
  if (recorded.kind === 'failed') {
    return refuse(renderFailure(recorded.failure), 'Restore MANIFEST.json from a backup.');
  }
  forgetMigrations(question.directory);
  if (recorded.value !== undefined) return reopen(recorded.value, question);
  return choose(question);
}

async function reopen(manifest: Manifest, question: EngineQuestion): Promise<EngineDecision> {
  const { engine, partitions } = manifest;
  const { choice, directory } = question;
  if (choice !== 'auto' && choice !== engine) {
    return refuse(
      `store.engine is ${choice}, but ${directory.path} was made with ${engine}`,
      choice === 'memory'
        ? `Set store.engine to ${engine} or auto, or use an empty data directory.`
        : `Run \`bondy store migrate --to ${choice}\`, or set store.engine to ${engine} or auto.`,
    );
  }
  if (partitions !== question.partitions) {
    return refuse(
      `store.partitions is ${question.partitions}, but ${directory.path} has ${partitions}`,
      `Set store.partitions to ${partitions}: their number is fixed when the data directory is made.`,
    );
  }
  if (engine === 'rocksdb') {
    const probed = await question.probe();
    if (probed.kind === 'fails') return refuse(unusable(probed.reason), REBUILD_OR_MIGRATE);
  }
  return load(manifest, undefined);
}

async function choose(question: EngineQuestion): Promise<EngineDecision> {
  const { choice, directory, partitions, databases } = question;
  if (choice === 'memory') return load({ engine: 'memory', partitions, databases }, undefined);
  const probed = choice === 'leveldb' ? undefined : await question.probe();
  if (choice === 'rocksdb' && probed?.kind === 'fails') {
    return refuse(unusable(probed.reason), REBUILD_OR_CHOOSE);
  }
  const engine: EngineName = probed?.kind === 'works' ? 'rocksdb' : 'leveldb';
  const manifest: Manifest = { engine, partitions, databases };
  const written = writeManifest(directory, manifest);
  if (written.kind === 'failed') {
    return refuse(`${written.failure.path}: ${written.failure.detail}`, written.failure.advice);
  }
  const note =
    probed?.kind === 'fails' ? `The store uses leveldb: ${unusable(probed.reason)}.` : undefined;
  return load(manifest, note);
}

async function load(
  { engine: name, partitions, databases }: Manifest,
  note: string | undefined,
): Promise<EngineDecision> {
  try {
    return { kind: 'ok', engine: await loadEngine(name), partitions, databases, note };
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    return refuse(`${name} cannot be loaded: ${reason}`, 'Install the packages again: npm ci.');
  }
}

/** A migration that was begun copies what the node is about to change: it has to begin again. */
function forgetMigrations(directory: DataDirectory): void {
  for (const engine of ['rocksdb', 'leveldb'] as const) {
    rmSync(directory.migrationFile(engine), { force: true });
  }
}

function unusable(reason: string): string {
  return `rocksdb cannot be used here (${reason})`;
}

const REBUILD = 'Build it for this Node: npm rebuild rocksdb --build-from-source';
const REBUILD_OR_CHOOSE = `${REBUILD}. Or set store.engine to leveldb or auto.`;
const REBUILD_OR_MIGRATE =
  `${REBUILD}. Or run \`bondy store migrate --to leveldb\` with a Node ` +
  'where it can be used, or start with an empty data directory and let the other nodes fill it.';

function refuse(reason: string, advice: string): EngineDecision {
  return { kind: 'refused', reason, advice };
}
