/**
 * The lines of the log and what holds them together: each has the hash of the one before in it and its own at its end, so a
 * line that was changed, taken out or put in shows (Schneier and Kelsey, "Secure audit logs", 1999). With a secret key the
 * hashes are HMACs, and who can write the file but does not have the key cannot make new ones. A cut at the end shows
 * only to whoever knows the last hash: the node tells it in its log and `bondy audit verify` prints it.
 *
 *     {"seq":7,"time":"2026-01-02T03:04:05.678Z","node":"bondy@a", … ,"prev":"<hash of 6>","hash":"<of all before>"}
 */
import type { AuditEvent } from './api.ts';

/** Of text, in hex; injected. */
export type Hash = (text: string) => string;

/** The last line of a log. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first line. */
export const GENESIS: Head = { seq: 0, hash: '0'.repeat(64) };

export const MAX_LINE = 32 * 1024;
const MAX_TEXT = 512;

/** What a terminal would obey, or an eye would read in another order, beyond what JSON escapes itself. */
const UNSAFE = /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** One line without its end; `head` goes on with it. */
export function lineOf(
  head: Head,
  node: string,
  event: AuditEvent,
  wallMs: number,
  hash: Hash,
): { readonly line: string; readonly head: Head } {
  const seq = head.seq + 1;
  const time = new Date(wallMs).toISOString();
  const fields = Object.fromEntries(
    Object.entries(event).map(([key, value]) => [key, bounded(value)]),
  );
  const body = safe(JSON.stringify({ seq, time, node, ...fields, prev: head.hash }));
  const own = hash(body);
  return { line: `${body.slice(0, -1)},"hash":"${own}"}`, head: { seq, hash: own } };
}

/** What a line says of its place; undefined: it is none, or its hash is not that of its words. */
export function readLine(
  line: string,
  hash: Hash,
): { readonly head: Head; readonly prev: string; readonly fields: Fields } | undefined {
  const match = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/.exec(line);
  if (match === null || line.length > MAX_LINE) return undefined;
  const [, start, own] = match as unknown as readonly [string, string, string];
  if (hash(`${start}}`) !== own) return undefined;
  const fields = parse(`${start}}`);
  const { seq, prev } = fields ?? {};
  if (fields === undefined || !Number.isSafeInteger(seq) || typeof prev !== 'string') {
    return undefined;
  }
  return { head: { seq: seq as number, hash: own }, prev, fields };
}

type Fields = Readonly<Record<string, unknown>>;

export interface Fault {
  /** Counted from 1 over all that was given. */
  readonly line: number;
  readonly why: string;
}

/** Takes a log line by line, from its first on or from any. */
export class Verifier {
  readonly #hash: Hash;
  #head: Head | undefined;
  #first: number | undefined;
  #lines = 0;
  #torn: { readonly line: number; readonly text: string } | undefined;
  readonly faults: Fault[] = [];

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  /** Of the last line that is right. */
  get head(): Head | undefined {
    return this.#head;
  }

  /** The number of the first line: above 1 when older files are not there. */
  get first(): number | undefined {
    return this.#first;
  }

  get lines(): number {
    return this.#lines;
  }

  add(line: string): void {
    const number = ++this.#lines;
    const read = readLine(line, this.#hash);
    if (read === undefined) {
      this.#endTorn();
      this.#torn = { line: number, text: line };
      return;
    }
    const torn = this.#torn;
    this.#torn = undefined;
    if (torn !== undefined && !isOf(read.fields, this.#hash(torn.text))) this.#broken(torn.line);
    const before = this.#head;
    if (before === undefined) {
      this.#first = read.head.seq;
      const isGenesis = read.head.seq !== 1 || read.prev === GENESIS.hash;
      if (!isGenesis) this.faults.push({ line: number, why: 'the first entry follows another' });
    } else if (read.head.seq !== before.seq + 1 || read.prev !== before.hash) {
      const why = `entry ${read.head.seq} does not follow entry ${before.seq}`;
      this.faults.push({ line: number, why });
    }
    this.#head = read.head;
  }

  end(): void {
    this.#endTorn();
  }

  #endTorn(): void {
    if (this.#torn !== undefined) this.#broken(this.#torn.line);
    this.#torn = undefined;
  }

  #broken(line: number): void {
    this.faults.push({ line, why: 'its hash does not fit its words' });
  }
}

function isOf({ event, what, torn }: Fields, digest: string): boolean {
  return event === 'log' && what === 'recovered' && torn === digest;
}

function bounded(value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= MAX_TEXT) return value;
  return `${value.slice(0, MAX_TEXT)}…`;
}

function safe(json: string): string {
  return json.replace(UNSAFE, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
