/**
 * What this turn says to other nodes, gathered by node and realm: it leaves as one batch when the turn ends, or sooner
 * when it has become long. A long message leaves by itself, so that what happens to it happens to nothing else.
 */
import { Unencodable } from '../../runtime/wamp/codec.ts';
import { ByteWriter } from '../../runtime/wamp/writer.ts';
import type { RelayMessage } from './api.ts';
import type { Codecs } from './entry.ts';
import { writeEntry } from './entry.ts';

/** Below the size of a frame, so that a batch is one. */
const BATCH_BYTES = 32 * 1024;
const LONG_BYTES = 8 * 1024;
const SMALL_PEN = 4 * 1024;
/** A larger buffer is not kept, nor are more of them. */
const KEPT_PEN = 256 * 1024;
const KEPT_PENS = 64;

/** One node, one realm. */
interface Open {
  readonly name: string;
  readonly realm: string;
  readonly pen: ByteWriter;
  count: number;
}

export interface OutboxParts {
  readonly codecs: Codecs;
  readonly maxMessageBytes: number;
  /** The entries are there for as long as the call takes. */
  leave(to: string, realm: string, entries: Uint8Array, count: number): void;
  /** `leaveAll` is to be called when the turn ends. */
  onFirst(): void;
}

export class Outbox {
  readonly #p: OutboxParts;
  readonly #open = new Map<string, Map<string, Open>>();
  #last: Open | undefined;
  readonly #pens: ByteWriter[] = [];
  /** Where the entry that was added last is, for who adds it again. */
  #from = 0;

  constructor(parts: OutboxParts) {
    this.#p = parts;
  }

  /** Something is gathered for it: what comes now leaves behind that. */
  has(to: string, realm: string): boolean {
    return this.#find(to, realm) !== undefined;
  }

  /** Undefined: it is said when the turn ends. */
  add(to: string, message: RelayMessage): 'unencodable' | 'too_large' | undefined {
    const open = this.#for(to, message.realm);
    const refused = this.#write(open, message);
    if (refused === undefined) this.#added(open);
    else if (open.count === 0) this.#close(open);
    return refused;
  }

  /** The same to many, encoded once. */
  addToAll(to: readonly string[], message: RelayMessage): 'unencodable' | 'too_large' | undefined {
    const first = this.#for(to[0], message.realm);
    const refused = this.#write(first, message);
    if (refused !== undefined) {
      if (first.count === 0) this.#close(first);
      return refused;
    }
    const { buffer, at } = first.pen;
    const from = this.#from;
    for (let i = 1; i < to.length; i++) {
      const open = this.#for(to[i], message.realm);
      this.#from = open.pen.at;
      open.pen.append(buffer, from, at);
      this.#added(open);
    }
    this.#from = from;
    this.#added(first);
    return undefined;
  }

  /** What is gathered for a node, now. */
  leaveFor(to: string): void {
    for (const open of this.#open.get(to)?.values() ?? []) this.#leave(open);
  }

  leaveAll(): void {
    for (const realms of this.#open.values()) {
      for (const open of realms.values()) this.#leave(open);
    }
  }

  #write(open: Open, message: RelayMessage): 'unencodable' | 'too_large' | undefined {
    const { pen } = open;
    this.#from = pen.at;
    let refused: 'unencodable' | 'too_large' | 'failed' | undefined = 'failed';
    try {
      const isEncoded = !(writeEntry(message, this.#p.codecs, pen) instanceof Unencodable);
      const isLarge = pen.at - this.#from > this.#p.maxMessageBytes;
      refused = !isEncoded ? 'unencodable' : isLarge ? 'too_large' : undefined;
      return refused;
    } finally {
      if (refused !== undefined) pen.at = this.#from; // a mistake of ours leaves no half an entry
    }
  }

  #added(open: Open): void {
    const { pen } = open;
    open.count++;
    if (pen.at - this.#from <= LONG_BYTES) {
      if (pen.at >= BATCH_BYTES) this.#leave(open);
      return;
    }
    if (open.count === 1) return this.#leave(open);
    const long = new Uint8Array(pen.buffer.subarray(this.#from, pen.at));
    pen.at = this.#from;
    open.count--;
    this.#leave(open);
    this.#p.leave(open.name, open.realm, long, 1);
  }

  #find(to: string, realm: string): Open | undefined {
    const last = this.#last;
    if (last !== undefined && last.name === to && last.realm === realm) return last;
    return (this.#last = this.#open.get(to)?.get(realm));
  }

  #for(to: string, realm: string): Open {
    const known = this.#find(to, realm);
    if (known) return known;
    if (this.#open.size === 0) this.#p.onFirst();
    const open = { name: to, realm, pen: this.#pens.pop() ?? new ByteWriter(SMALL_PEN), count: 0 };
    let realms = this.#open.get(to);
    if (!realms) this.#open.set(to, (realms = new Map<string, Open>()));
    realms.set(realm, open);
    return (this.#last = open);
  }

  #leave(open: Open): void {
    const { name, realm, pen, count } = open;
    this.#forget(open); // what is said meanwhile is another batch
    this.#p.leave(name, realm, pen.buffer.subarray(0, pen.at), count);
    this.#keep(pen);
  }

  #close(open: Open): void {
    this.#forget(open);
    this.#keep(open.pen);
  }

  #forget({ name, realm, pen }: Open): void {
    if (this.#last?.pen === pen) this.#last = undefined;
    const realms = this.#open.get(name)!;
    realms.delete(realm);
    if (realms.size === 0) this.#open.delete(name);
  }

  #keep(pen: ByteWriter): void {
    pen.at = 0;
    if (pen.buffer.length <= KEPT_PEN && this.#pens.length < KEPT_PENS) this.#pens.push(pen);
  }
}
