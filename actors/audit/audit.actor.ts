/**
 * Writes the log: what came meanwhile goes out in one write, the next one when that is done. A write that fails is
 * repeated at the same place until it is done, so the chain has no hole; what does not fit meanwhile is dropped and the log
 * says how much.
 */
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import { nodeKey } from '../../runtime/causality/identity.ts';
import type { Mailbox } from '../../runtime/kernel/mailbox.ts';
import type { MembershipEvent } from '../membership/api.ts';
import { MEMBERSHIP } from '../membership/api.ts';
import type { AuditEvent, AuditMessage } from './api.ts';
import { AUDIT } from './api.ts';
import type { Hash, Head } from './chain.ts';
import { GENESIS, lineOf, readLine } from './chain.ts';
import type { AuditConfig } from './config.ts';
import type { AuditCounter } from './counters.ts';

/** The file, as this actor uses it (runtime/disk/append-file.ts). */
export interface AuditFile {
  readonly size: number;
  tail(): { readonly lastLine: string | undefined; readonly torn: string | undefined };
  append(text: string, isSynced: boolean, done: (error: Error | undefined) => void): void;
  sync(done: (error: Error | undefined) => void): void;
  rotate(lastNumber: number, keep: number): void;
  closeWith(text: string): void;
}

/** What others are told: written here, read by everybody. */
export interface AuditState {
  problem: string | undefined;
  /** Entries that did not fit into the mailbox and are still to be told. */
  dropped: number;
}

export interface AuditDependencies {
  readonly config: AuditConfig;
  readonly node: string;
  readonly state: AuditState;
  readonly mailbox: Mailbox<AuditMessage>;
  readonly hash: Hash;
  readonly isInCluster: boolean;
  /** Throws a sentence. */
  open(): AuditFile;
  /** The last line of the file put aside last; undefined: there is none. */
  lastAside(): string | undefined;
  count(counter: AuditCounter, by?: number): void;
  log(level: 'info' | 'error', event: string, fields: Record<string, unknown>): void;
}

const FOLLOW_AGAIN_MS = 200;
const RETRY_MS = 1_000;
const SYNC_MS = 1_000;

export function audit(dependencies: AuditDependencies): Definition<AuditMessage> {
  return {
    class: 'control',
    mailbox: dependencies.mailbox,
    init: (context) => new AuditActor(dependencies, context),
  };
}

class AuditActor implements Handlers<AuditMessage> {
  readonly #d: AuditDependencies;
  readonly #context: Context<AuditMessage>;
  readonly #file: AuditFile;
  #head: Head = GENESIS;
  /** Lines that no write has been begun for. */
  #waiting: string[] = [];
  #writing: string[] = [];
  #isRetrying = false;
  #isUnsynced = false;

  constructor(dependencies: AuditDependencies, context: Context<AuditMessage>) {
    this.#d = dependencies;
    this.#context = context;
    context.register(AUDIT);
    dependencies.mailbox.takeInterrupted();
    this.#file = dependencies.open();
    context.own({ close: () => this.#close() });
    this.#head = this.#recover();
    if (dependencies.config.fsync === 'interval') context.after(SYNC_MS, { kind: 'sync' });
    if (dependencies.isInCluster) this.#follow();
    const { seq, hash } = this.#head;
    dependencies.log('info', 'audit_log_opened', { entries: seq, hash });
  }

  handle(message: AuditMessage): void {
    switch (message.kind) {
      case 'entry':
        this.#tellDropped(message.at);
        if (this.#waiting.length >= this.#d.config.maxWaiting) return this.#drop();
        this.#add(message.event, message.at);
        return this.#write();
      case 'node_up':
        return this.#member('up', message);
      case 'node_down':
        return this.#member('down', message);
      case 'node_left':
        return this.#member('left', message);
      case 'node_suspect':
        return; // it may be nothing
      case 'follow':
        return this.#follow();
      case 'written':
        return this.#written(message.error);
      case 'retry':
        this.#isRetrying = false;
        return this.#append();
      case 'sync':
        return this.#sync();
    }
  }

  onDown(): void {
    this.#context.after(FOLLOW_AGAIN_MS, { kind: 'follow' });
  }

  /** Who is up is told anew each time. */
  #follow(): void {
    const membership = this.#context.whereis(MEMBERSHIP);
    if (membership === undefined) return this.onDown();
    this.#context.monitor(membership);
    membership.cast({ kind: 'subscribe', target: this.#context.self });
  }

  #member(what: 'up' | 'down' | 'left', { node }: MembershipEvent): void {
    const event = { event: 'member', what, node: nodeKey(node) } as const;
    this.handle({ kind: 'entry', event, at: this.#context.clock.wall() });
  }

  /** Where the log goes on. A line that was cut stays where it is, ended, and the next one vouches for it. */
  #recover(): Head {
    const { hash, lastAside } = this.#d;
    const { lastLine, torn } = this.#file.tail();
    const last = lastLine ?? lastAside();
    const read = last === undefined ? undefined : readLine(last, hash);
    if (last !== undefined && read === undefined) {
      throw new Error(
        'security.audit.file: its last line is not one of this log, or was made with another key. See ' +
          'bondy audit verify, and move the file away to begin a new one',
      );
    }
    this.#head = read?.head ?? GENESIS;
    if (torn !== undefined) {
      this.#waiting.push('');
      this.#add({ event: 'log', what: 'recovered', torn: hash(torn) }, this.#context.clock.wall());
      this.#write();
    }
    return this.#head;
  }

  #add(event: AuditEvent, at: number): void {
    const { line, head } = lineOf(this.#head, this.#d.node, event, at, this.#d.hash);
    this.#head = head;
    this.#waiting.push(line);
    this.#d.count('audit_entries');
  }

  #drop(): void {
    this.#d.state.dropped++;
    this.#d.count('audit_entries_dropped');
  }

  #tellDropped(at: number): void {
    const { dropped } = this.#d.state;
    if (dropped === 0 || this.#waiting.length >= this.#d.config.maxWaiting) return;
    this.#d.state.dropped = 0;
    this.#add({ event: 'log', what: 'dropped', entries: dropped }, at);
  }

  #write(): void {
    if (this.#writing.length > 0 || this.#waiting.length === 0) return;
    this.#rotate();
    this.#writing = this.#waiting;
    this.#waiting = [];
    this.#append();
  }

  #append(): void {
    const isSynced = this.#d.config.fsync === 'always';
    this.#isUnsynced = true;
    this.#file.append(textOf(this.#writing), isSynced, (error) => {
      this.#d.mailbox.admit({ kind: 'written', error: error?.message });
    });
  }

  #written(error: string | undefined): void {
    const { state, count, log } = this.#d;
    if (error === undefined) {
      if (state.problem !== undefined) log('info', 'audit_log_back', {});
      state.problem = undefined;
      this.#writing = [];
      return this.#write();
    }
    count('audit_write_failures');
    if (state.problem === undefined) log('error', 'audit_log_failed', { error });
    state.problem = error;
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#context.after(RETRY_MS, { kind: 'retry' });
  }

  /** Before lines that are not in it yet: their numbers are above that of its last one. */
  #rotate(): void {
    const { config, count } = this.#d;
    if (this.#file.size === 0 || this.#file.size < config.maxFileBytes) return;
    const first = this.#waiting.find((line) => line !== '');
    const seq = first === undefined ? undefined : readLine(first, this.#d.hash)?.head.seq;
    if (seq === undefined) return;
    this.#file.rotate(seq - 1, config.maxFiles);
    if (this.#file.size === 0) count('audit_rotations');
  }

  #sync(): void {
    if (this.#isUnsynced && this.#writing.length === 0) {
      this.#isUnsynced = false;
      this.#file.sync((error) => {
        if (error !== undefined) this.#d.log('error', 'audit_log_failed', { error: error.message });
      });
    }
    this.#context.after(SYNC_MS, { kind: 'sync' });
  }

  #close(): void {
    const lines = [...this.#writing, ...this.#waiting];
    try {
      this.#file.closeWith(lines.length === 0 ? '' : textOf(lines));
    } catch (error) {
      this.#d.count('audit_entries_dropped', lines.length);
      this.#d.log('error', 'audit_log_failed', { error: String(error), lost: lines.length });
    }
    const { seq, hash } = this.#head;
    this.#d.log('info', 'audit_log_closed', { entries: seq, hash });
  }
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
