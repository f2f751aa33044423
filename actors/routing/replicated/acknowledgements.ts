/**
 * PUBLISHEDs that wait until what was published is in the store, on this node's disk where its family of rows promises that.
 * Events are delivered meanwhile. Each request is answered once: PUBLISHED, or ERROR `wamp.error.unavailable` when the store
 * refuses or is late, with the id of the event, which was delivered all the same. Rows outlive a router.
 *
 * WAMP demands no order among PUBLISHEDs (advanced, ordering guarantees): those of one row come in order, others as the disk
 * is done with them.
 */
import type { Id } from '../../../runtime/wamp/message.ts';
import { PUBLISH, PUBLISHED } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Member } from '../api.ts';
import type { AcknowledgementConfig } from '../config.ts';
import type { Rows } from '../effects.ts';
import type { Refusal } from '../refusals.ts';
import { errorFor, INTERRUPTED, refusal } from '../refusals.ts';
import type { RowsOf, RowStored } from './messages.ts';

/** A change of a row that is to be in the store. */
export interface AwaitedRow {
  readonly family: RowsOf;
  readonly name: string;
  readonly revision: number;
}

/** A row, by its publication. */
export interface Acknowledgement {
  readonly member: Member;
  readonly request: Id;
  readonly publication: Id;
  /** Monotonic ms. */
  readonly due: number;
  /** What is not there yet. */
  readonly rows: readonly AwaitedRow[];
  /** A router that dies now leaves it without an answer. */
  readonly isBeingAnswered: boolean;
}

export interface AcknowledgementParts {
  readonly rows: Rows<Id, Acknowledgement>;
  /** Names of rows that somebody waits for: the agents say nothing of others. */
  readonly awaited: Readonly<Record<RowsOf, Set<string>>>;
  readonly config: AcknowledgementConfig;
  /** Monotonic ms. */
  now(): number;
  count(counter: string): void;
}

const LATE = 'delivered, but not known to be on disk in time';
const REFUSED = 'delivered, but the store did not take it';
/** In ERROR.Details: the event that was delivered. */
const DELIVERED = '_bondy_publication';

export class Acknowledgements {
  readonly #p: AcknowledgementParts;
  readonly #rows: Rows<Id, Acknowledgement>;
  readonly #byRow = new Map<string, Set<Id>>();
  readonly #byMember = new Map<Member, Set<Id>>();
  /** Not after any is due: all wait equally long, so the first is due first. */
  #due: number | undefined;

  constructor(parts: AcknowledgementParts) {
    this.#p = parts;
    this.#rows = parts.rows;
    for (const names of Object.values(parts.awaited)) names.clear();
    for (const row of this.#rows.values()) this.#index(row);
  }

  get isFull(): boolean {
    return this.#rows.size >= this.#p.config.maxWaiting;
  }

  /** When `expire` is to be called; may be early. */
  get nextDeadline(): number | undefined {
    return this.#due;
  }

  /** Who was being answered when the last router died has no answer yet. */
  recover(): void {
    for (const row of [...this.#rows.values()]) {
      if (!row.isBeingAnswered) continue;
      this.#forget(row);
      this.#refuse(row, INTERRUPTED);
    }
  }

  wait(member: Member, request: Id, publication: Id, rows: readonly AwaitedRow[]): void {
    const due = this.#p.now() + this.#p.config.timeoutMs;
    const row = { member, request, publication, due, rows, isBeingAnswered: false };
    this.#rows.set(publication, row);
    this.#index(row);
    this.#p.count('acknowledgements_waited');
  }

  /** The store has the row as it was after the change with this revision, or will not take it. */
  stored({ family, name, revision, isThere }: RowStored): void {
    for (const id of this.#byRow.get(keyOf(family, name)) ?? []) {
      const row = this.#rows.get(id)!;
      const mine = row.rows.find((each) => each.family === family && each.name === name)!;
      if (mine.revision > revision) return; // as all behind it
      if (isThere) this.#advance(row, mine);
      else {
        this.#p.count('acknowledgements_refused');
        this.#answer(row, () => this.#refuse(row, refusal(ERRORS.unavailable, REFUSED)));
      }
    }
  }

  expire(now: number): void {
    if (this.#due === undefined || now < this.#due) return;
    this.#due = undefined;
    for (const row of this.#rows.values()) {
      if (row.due > now) {
        this.#due = row.due;
        return;
      }
      this.#p.count('acknowledgements_late');
      this.#answer(row, () => this.#refuse(row, refusal(ERRORS.unavailable, LATE)));
    }
  }

  /** Nobody is left to be answered. */
  leave(member: Member): void {
    for (const id of this.#byMember.get(member) ?? []) this.#forget(this.#rows.get(id)!);
  }

  #advance(row: Acknowledgement, stored: AwaitedRow): void {
    const rows = row.rows.filter((each) => each !== stored);
    if (rows.length > 0) {
      this.#unlist(row, stored);
      this.#rows.set(row.publication, { ...row, rows });
      return;
    }
    const { member, request, publication } = row;
    this.#answer(row, () => member.outlet.send({ type: PUBLISHED, request, publication }));
  }

  #answer(row: Acknowledgement, send: () => void): void {
    this.#rows.set(row.publication, { ...row, isBeingAnswered: true });
    send();
    this.#forget(row);
  }

  #refuse({ member, request, publication }: Acknowledgement, why: Refusal): void {
    const error = errorFor(member, PUBLISH, request, why);
    member.outlet.send({ ...error, details: { [DELIVERED]: publication } });
  }

  #index(row: Acknowledgement): void {
    for (const { family, name } of row.rows) {
      add(this.#byRow, keyOf(family, name), row.publication);
      this.#p.awaited[family].add(name);
    }
    add(this.#byMember, row.member, row.publication);
    this.#due ??= row.due;
  }

  #forget(row: Acknowledgement): void {
    this.#rows.delete(row.publication);
    for (const each of row.rows) this.#unlist(row, each);
    remove(this.#byMember, row.member, row.publication);
  }

  #unlist({ publication }: Acknowledgement, { family, name }: AwaitedRow): void {
    const isLast = remove(this.#byRow, keyOf(family, name), publication);
    if (isLast) this.#p.awaited[family].delete(name);
  }
}

function keyOf(family: RowsOf, name: string): string {
  return `${family} ${name}`;
}

function add<K>(sets: Map<K, Set<Id>>, key: K, id: Id): void {
  const known = sets.get(key);
  if (known) known.add(id);
  else sets.set(key, new Set([id]));
}

/** True: it was the last. */
function remove<K>(sets: Map<K, Set<Id>>, key: K, id: Id): boolean {
  const known = sets.get(key);
  known?.delete(id);
  if (known?.size !== 0) return false;
  return sets.delete(key);
}
