/** Tokens as MessagePack. */
import { put32 } from '../big-endian.ts';
import { writeFloat64 } from '../float.ts';
import type { TokenSink } from '../tokens.ts';
import { PROBLEMS } from '../tokens.ts';
import { ByteWriter } from '../writer.ts';
import {
  writeBinaryHeader,
  writeListHeader,
  writeMapHeader,
  writeNegative,
  writeTextHeader,
  writeUnsigned,
} from './write.ts';

class MsgpackSink implements TokenSink {
  into = new ByteWriter(0);
  problem: string | undefined = undefined;
  /** Where the open containers of unknown size have their 32-bit header. */
  readonly #unsized: number[] = [];

  item(): void {}
  key(): void {}
  value(): void {}

  nil(): void {
    this.#byte(0xc0);
  }

  boolean(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }

  integer(isNegative: boolean, high: number, low: number): void {
    const { into } = this;
    if (high < 0x200000) {
      const magnitude = high * 0x100000000 + low;
      if (isNegative) writeNegative(-1 - magnitude, into);
      else writeUnsigned(magnitude, into);
    } else if (isNegative && high >= 0x80000000) {
      const value = -1n - ((BigInt(high) << 32n) | BigInt(low));
      this.bigInteger(value);
    } else {
      this.#byte(isNegative ? 0xd3 : 0xcf);
      into.reserve(8);
      into.at = put32(into.buffer, into.at, isNegative ? ~high : high);
      into.at = put32(into.buffer, into.at, isNegative ? ~low : low);
    }
  }

  /** JavaScript writes its floats up to 1e21 as integers in JSON: those, and no others, become floats again. */
  bigInteger(value: bigint): void {
    const near = Number(value);
    if (String(near) === String(value)) this.float(near);
    else this.problem ??= PROBLEMS.beyond64;
  }

  float(value: number): void {
    this.into.reserve(9);
    this.#byte(0xcb);
    writeFloat64(value, this.into);
  }

  text(bytes: Uint8Array, start: number, end: number): void {
    writeTextHeader(end - start, this.into);
    this.into.append(bytes, start, end);
  }

  binary(bytes: Uint8Array, start: number, end: number): void {
    writeBinaryHeader(end - start, this.into);
    this.into.append(bytes, start, end);
  }

  openList(size: number): void {
    if (size < 0) this.#openUnsized(0xdd);
    else writeListHeader(size, this.into);
  }

  closeList(count: number): void {
    if (count >= 0) this.#closeUnsized(count);
  }

  openMap(size: number): void {
    if (size < 0) this.#openUnsized(0xdf);
    else writeMapHeader(size, this.into);
  }

  closeMap(count: number): void {
    if (count >= 0) this.#closeUnsized(count);
  }

  #openUnsized(head: number): void {
    this.#byte(head);
    this.#unsized.push(this.into.at);
    this.into.reserve(4);
    this.into.at += 4;
  }

  #closeUnsized(count: number): void {
    put32(this.into.buffer, this.#unsized.pop() as number, count);
  }

  #byte(byte: number): void {
    this.into.reserve(1);
    this.into.buffer[this.into.at++] = byte;
  }
}

export const msgpackSink: TokenSink = new MsgpackSink();
