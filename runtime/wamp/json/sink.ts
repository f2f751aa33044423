/** Tokens as JSON. */
import type { TokenSink } from '../tokens.ts';
import { PROBLEMS } from '../tokens.ts';
import { ByteWriter } from '../writer.ts';
import {
  BACKSLASH,
  CLOSE_DICT,
  CLOSE_LIST,
  COLON,
  COMMA,
  MINUS,
  OPEN_DICT,
  OPEN_LIST,
  QUOTE,
} from './scan.ts';
import { writeAscii, writeBinary, writeByte, writeFloat, writeUnsigned } from './write.ts';

class JsonSink implements TokenSink {
  into = new ByteWriter(0);
  problem: string | undefined = undefined;
  #isKey = false;

  item(index: number): void {
    if (index > 0) writeByte(COMMA, this.into);
    this.#isKey = false;
  }

  key(index: number): void {
    this.item(index);
    this.#isKey = true;
  }

  value(): void {
    writeByte(COLON, this.into);
    this.#isKey = false;
  }

  nil(): void {
    this.#word('null');
  }

  boolean(value: boolean): void {
    this.#word(value ? 'true' : 'false');
  }

  /** Also as a key: `{1: x}` is `{"1": x}`, as JavaScript and Python do it. */
  integer(isNegative: boolean, high: number, low: number): void {
    const { into } = this;
    if (high >= 0x200000) {
      const magnitude = (BigInt(high) << 32n) | BigInt(low);
      return this.bigInteger(isNegative ? -1n - magnitude : magnitude);
    }
    const magnitude = high * 0x100000000 + low;
    if (this.#isKey) writeByte(QUOTE, into);
    if (isNegative) writeByte(MINUS, into);
    writeUnsigned(isNegative ? magnitude + 1 : magnitude, into);
    if (this.#isKey) writeByte(QUOTE, into);
  }

  bigInteger(value: bigint): void {
    writeAscii(this.#isKey ? `"${value}"` : String(value), this.into);
  }

  float(value: number): void {
    if (this.#isKey) this.problem ??= PROBLEMS.key;
    else if (!Number.isFinite(value)) this.problem ??= PROBLEMS.notFinite;
    else writeFloat(value, this.into);
  }

  text(bytes: Uint8Array, start: number, end: number): void {
    // A receiver would take it for a binary.
    if (!this.#isKey && start < end && bytes[start] === 0) this.problem ??= PROBLEMS.nulText;
    writeByte(QUOTE, this.into);
    let from = start;
    for (let at = start; at < end; at++) {
      const code = bytes[at];
      if (code >= 0x20 && code !== QUOTE && code !== BACKSLASH) continue;
      this.into.append(bytes, from, at);
      writeAscii(ESCAPES[code], this.into);
      from = at + 1;
    }
    this.into.append(bytes, from, end);
    writeByte(QUOTE, this.into);
  }

  binary(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isKey) this.problem ??= PROBLEMS.key;
    else writeBinary(bytes, start, end, this.into);
  }

  openList(): void {
    this.#open(OPEN_LIST);
  }
  closeList(): void {
    writeByte(CLOSE_LIST, this.into);
  }
  openMap(): void {
    this.#open(OPEN_DICT);
  }
  closeMap(): void {
    writeByte(CLOSE_DICT, this.into);
  }

  #open(opener: number): void {
    if (this.#isKey) this.problem ??= PROBLEMS.key;
    writeByte(opener, this.into);
  }

  #word(word: string): void {
    if (this.#isKey) this.problem ??= PROBLEMS.key;
    else writeAscii(word, this.into);
  }
}

const ESCAPES = Array.from({ length: 0x60 }, (_, code) =>
  JSON.stringify(String.fromCharCode(code)).slice(1, -1),
);

export const jsonSink: TokenSink = new JsonSink();
