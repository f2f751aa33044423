/** Backups of this node at somebody's word: one thing at a time, refused before anything changes, told when it is over. */
import { existsSync } from 'node:fs';
import type { OperationOutcome } from '../../actors/admin/operations.ts';
import { refused } from '../../actors/admin/operations.ts';
import type { ExchangeOutcome, ExchangesMessage } from '../../actors/store/api.ts';
import { EXCHANGES } from '../../actors/store/api.ts';
import { nodeKey } from '../../runtime/causality/identity.ts';
import { ArchiveFault } from '../../runtime/disk/archive-reader.ts';
import type { ArchiveReader } from '../../runtime/disk/archive-reader.ts';
import { makeDirectory } from '../../runtime/disk/atomic-file.ts';
import { raiseIncarnation } from '../../runtime/disk/identity-file.ts';
import { ask } from '../cluster-operations.ts';
import type { Parts } from '../parts.ts';
import { createBackup } from './create.ts';
import { defaultName, fileOf, secretOf } from './files.ts';
import type { Inspected } from './inspect.ts';
import { inspect, openBackup } from './inspect.ts';
import type { Restored, RestoreMode } from './restore.ts';
import { restoreBackup, whyNotMerged } from './restore.ts';

type Doing = 'backup' | 'restore' | 'verification';

/** Named as Bondy's topics. */
export interface BackupEvent {
  readonly kind:
    'started' | 'finished' | 'failed' | 'restore_started' | 'restore_finished' | 'restore_failed';
  readonly filename: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface Running {
  readonly doing: Doing;
  readonly filename: string;
  readonly sinceMs: number;
  rows: number;
}

export type BackupParts = Pick<Parts, 'config' | 'version' | 'kernel' | 'own' | 'cluster'>;

const EXCHANGE_MS = 120_000;

/** Made once per life of the process. */
export class Backups {
  readonly #parts: BackupParts;
  readonly #onEvent: (event: BackupEvent) => void;
  #running: Running | undefined;
  #last: object | undefined;

  constructor(parts: BackupParts, onEvent: (event: BackupEvent) => void) {
    this.#parts = parts;
    this.#onEvent = onEvent;
  }

  create(name = defaultName(Date.now())): Promise<OperationOutcome> {
    return this.#alone('backup', name, async (path) => {
      const { config, own, version, kernel } = this.#parts;
      const { backup, cluster } = config();
      if (existsSync(path)) return refused(409, 'exists', `${path} exists already: name another.`);
      if (!own.store.state.isReady) return loading();
      const secret = secretOf(backup);
      makeDirectory(backup.directory);
      const filename = path;
      this.#onEvent({ kind: 'started', filename, detail: {} });
      const created = await createBackup(
        kernel(),
        path,
        {
          release: version,
          node: own.identity.name,
          incarnation: own.identity.incarnation,
          cluster: cluster.links.cluster,
          time: new Date().toISOString(),
          partitions: own.store.config.partitions,
        },
        { secret, maxBytes: backup.maxBytes },
      );
      const report = { filename, ...created, encrypted: secret !== undefined };
      this.#onEvent({ kind: 'finished', filename, detail: { ...created } });
      return { kind: 'done', report };
    });
  }

  /** Reads all of it and changes nothing. */
  verify(name: string): Promise<OperationOutcome> {
    return this.#alone('verification', name, (path) =>
      this.#read(path, (_reader, inspected) =>
        Promise.resolve({ kind: 'done', report: { filename: path, ...reportOf(inspected) } }),
      ),
    );
  }

  restore(name: string, mode: RestoreMode): Promise<OperationOutcome> {
    return this.#alone('restore', name, (path) =>
      this.#read(path, async (reader, inspected, secret) => {
        const { kernel, own } = this.#parts;
        if (!own.store.state.isReady) return loading();
        const problem = mode === 'merge' ? this.#whyNot(inspected) : undefined;
        if (problem !== undefined) return problem;
        const filename = path;
        this.#onEvent({ kind: 'restore_started', filename, detail: { mode } });
        const store = { prefixes: own.store.prefixes, partitions: own.store.config.partitions };
        const restored = await restoreBackup(
          kernel(),
          store,
          reader,
          inspected,
          secret,
          mode,
          (rows) => (this.#running!.rows = rows),
        );
        const exchanges = await this.#spread();
        const detail: Restored & { readonly mode: RestoreMode } = { ...restored, mode };
        this.#onEvent({ kind: 'restore_finished', filename, detail: { ...detail } });
        return { kind: 'done', report: { filename, ...detail, exchanges } };
      }),
    );
  }

  /** With Bondy's words where it has some. */
  status(): object {
    const running = this.#running;
    const last = this.#last ?? null;
    if (running === undefined) return { status: 'idle', last };
    const elapsed = Math.round((Date.now() - running.sinceMs) / 1000);
    return {
      status: `${running.doing}_in_progress`,
      filename: running.filename,
      elapsed_time_secs: elapsed,
      rows: running.rows,
      last,
    };
  }

  async #alone(
    doing: Doing,
    name: string,
    run: (path: string) => Promise<OperationOutcome>,
  ): Promise<OperationOutcome> {
    const path = fileOf(this.#parts.config().backup, name);
    if (path === undefined) {
      const message =
        'Name a backup with letters, digits, dots and dashes; it is in the folder backup.dir of the node.';
      return refused(400, 'bad_name', message);
    }
    if (this.#running !== undefined) {
      const { doing: other, filename } = this.#running;
      return refused(
        409,
        'busy',
        `A ${other} is running (${filename}): try again when it is done.`,
      );
    }
    this.#running = { doing, filename: path, sinceMs: Date.now(), rows: 0 };
    try {
      return this.#ended(doing, path, await run(path));
    } catch (error) {
      return this.#ended(doing, path, failureOf(path, error));
    } finally {
      this.#running = undefined;
    }
  }

  #ended(doing: Doing, filename: string, outcome: OperationOutcome): OperationOutcome {
    this.#last = {
      doing,
      filename,
      outcome: outcome.kind,
      ...(outcome.kind === 'refused' && { error: outcome.error, message: outcome.message }),
    };
    if (outcome.kind === 'refused' && doing !== 'verification') {
      const kind = doing === 'backup' ? 'failed' : 'restore_failed';
      this.#onEvent({ kind, filename, detail: { error: outcome.error, message: outcome.message } });
    }
    return outcome;
  }

  async #read(
    path: string,
    use: (
      reader: ArchiveReader,
      inspected: Inspected,
      secret: Uint8Array | undefined,
    ) => Promise<OperationOutcome>,
  ): Promise<OperationOutcome> {
    const { backup } = this.#parts.config();
    const secret = secretOf(backup);
    const { reader, header } = await openBackup(path, backup.maxBytes);
    try {
      return await use(reader, await inspect(reader, header, secret), secret);
    } finally {
      await reader.close();
    }
  }

  #whyNot(inspected: Inspected): OperationOutcome | undefined {
    const { own, config } = this.#parts;
    const { name, incarnation } = own.identity;
    const problem = whyNotMerged(inspected, {
      cluster: config().cluster.links.cluster,
      partitions: own.store.config.partitions,
      name,
      incarnation,
      lastOfOwn: (partition) =>
        own.store.state.partitions[partition]!.clock.rangesOf(nodeKey(own.identity)).at(-1) ?? 0,
    });
    if (problem === undefined) return undefined;
    if (problem.incarnation !== undefined && own.directory !== undefined) {
      const raised = raiseIncarnation(own.directory, problem.incarnation);
      if (raised.kind === 'failed') throw new Error(raised.failure.detail);
    }
    return refused(409, 'not_mergeable', `${inspected.header.node}'s backup: ${problem.sentence}`);
  }

  /** The others hear of it now, not at the next comparison. */
  async #spread(): Promise<readonly ExchangeOutcome[]> {
    const { cluster, kernel, own } = this.#parts;
    const outcomes: ExchangeOutcome[] = [];
    for (const { name: peer } of cluster?.network.connected() ?? []) {
      const outcome = await ask<ExchangesMessage, ExchangeOutcome>(
        kernel(),
        EXCHANGES,
        (reply) => ({ kind: 'exchange', peer, reply }),
        own.store.config.exchangeTimeoutMs + EXCHANGE_MS,
      );
      outcomes.push(outcome ?? { kind: 'failed', peer, reason: 'it did not end in time' });
    }
    return outcomes;
  }
}

function reportOf({ header, lastOf, ...rest }: Inspected): object {
  const { release, node, incarnation, cluster, time, partitions } = header;
  return { node, incarnation, cluster, time, release, partitions, writers: lastOf.size, ...rest };
}

function failureOf(path: string, error: unknown): OperationOutcome {
  if (error instanceof ArchiveFault) return refused(422, 'unusable', `${path}: ${error.message}.`);
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return refused(404, 'no_such_backup', `There is no ${path}.`);
  return refused(500, code === 'ENOSPC' ? 'disk_full' : 'failed', `${path}: ${message}`);
}

function loading(): OperationOutcome {
  return refused(503, 'loading', 'The store is being read: try again in a moment.');
}
