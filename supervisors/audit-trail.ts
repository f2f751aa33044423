/** The audit log as the rest of the node has it: recorded in anybody's turn, written by its actor. */
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Audit, AuditEvent, AuditMessage } from '../actors/audit/api.ts';
import { audit } from '../actors/audit/audit.actor.ts';
import type { AuditState } from '../actors/audit/audit.actor.ts';
import type { Hash } from '../actors/audit/chain.ts';
import { Sampler } from '../actors/audit/sampler.ts';
import { AppendFile, asideOf } from '../runtime/disk/append-file.ts';
import { makeDirectory } from '../runtime/disk/atomic-file.ts';
import { Mailbox } from '../runtime/kernel/mailbox.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import type { Logger } from '../runtime/log/logger.ts';
import { dirname } from 'node:path';
import type { NodeAuditConfig } from './configuration/audit.ts';

const MIN_KEY_BYTES = 32;

interface Sources {
  readonly node: string;
  readonly isInCluster: boolean;
  readonly log: Logger;
  wall(): number;
  /** Why the data directory may be another process' now, and the log with it. */
  lost(): Error | undefined;
  count(counter: string, by?: number): void;
}

/** Made once per life of the process, so that what is recorded while its actor is restarted waits for it. */
export class AuditTrail implements Audit {
  /** For all realms together. */
  readonly denials: Sampler;
  readonly #config: NodeAuditConfig;
  readonly #sources: Sources;
  readonly #mailbox: Mailbox<AuditMessage>;
  readonly #state: AuditState = { problem: undefined, dropped: 0 };

  constructor(config: NodeAuditConfig, sources: Sources) {
    this.#config = config;
    this.#sources = sources;
    this.denials = new Sampler(config.denialsPerSecond);
    this.#mailbox = new Mailbox({ limit: config.maxWaiting, onFull: 'refuse' });
  }

  record(event: AuditEvent): void {
    if (this.#config.file === undefined) return;
    const at = this.#sources.wall();
    if (this.#mailbox.cast({ kind: 'entry', event, at }) === 'accepted') return;
    this.#state.dropped++;
    this.#sources.count('audit_entries_dropped');
  }

  /** Whether there is a log. */
  get isKept(): boolean {
    return this.#config.file !== undefined;
  }

  get problem(): string | undefined {
    const { problem } = this.#state;
    return problem === undefined ? undefined : `the audit log cannot be written: ${problem}`;
  }

  get refusal(): string | undefined {
    return this.#config.onFailure === 'refuse' ? this.problem : undefined;
  }

  /** Undefined: there is no log. */
  child(): ChildSpec | undefined {
    const { file } = this.#config;
    if (file === undefined) return undefined;
    const { node, isInCluster, count, log } = this.#sources;
    return {
      id: 'audit',
      start: audit({
        config: this.#config,
        node,
        isInCluster,
        state: this.#state,
        mailbox: this.#mailbox,
        hash: hashOf(this.#config.keyFile),
        open: () => openLog(file, () => this.#sources.lost()),
        lastAside: () => lastLineAside(file),
        count,
        log: (level, event, fields) => log.log(level, event, fields),
      }),
    };
  }
}

/** Throws a sentence. */
export function hashOf(keyFile: string | undefined): Hash {
  if (keyFile === undefined) return (text) => createHash('sha256').update(text).digest('hex');
  const key = readFileSync(keyFile);
  if (key.length < MIN_KEY_BYTES) {
    throw new Error(
      `security.audit.key_file: ${keyFile} has ${key.length} bytes; a key has at least ${MIN_KEY_BYTES}`,
    );
  }
  return (text) => createHmac('sha256', key).update(text).digest('hex');
}

function openLog(path: string, lost: () => Error | undefined): AppendFile {
  try {
    makeDirectory(dirname(path));
    return AppendFile.open(path, lost);
  } catch (error) {
    throw new Error(
      `security.audit.file: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Only the last bytes of it are read. */
function lastLineAside(path: string): string | undefined {
  const last = asideOf(path).at(-1);
  if (last === undefined) return undefined;
  const file = AppendFile.open(last);
  try {
    return file.tail().lastLine;
  } finally {
    file.closeWith('');
  }
}
