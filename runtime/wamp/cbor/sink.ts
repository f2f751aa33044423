/** Tokens as CBOR. */
import type { TokenSink } from '../tokens.ts';
import { PROBLEMS } from '../tokens.ts';
import { ByteWriter } from '../writer.ts';
import { BINARY, BREAK, INDEFINITE, LIST, MAP, NEGATIVE, TEXT_STRING, UNSIGNED } from './skip.ts';
import { writeBigint, writeByte, writeFloat, writeHead, writeHead64 } from './write.ts';

const BEYOND_128 = 1n << 128n;

class CborSink implements TokenSink {
  into = new ByteWriter(0);
  problem: string | undefined = undefined;

  item(): void {}
  key(): void {}
  value(): void {}

  nil(): void {
    writeByte(0xf6, this.into);
  }

  boolean(value: boolean): void {
    writeByte(value ? 0xf5 : 0xf4, this.into);
  }

  integer(isNegative: boolean, high: number, low: number): void {
    writeHead64(isNegative ? NEGATIVE : UNSIGNED, high, low, this.into);
  }

  bigInteger(value: bigint): void {
    if (value >= BEYOND_128 || value < -BEYOND_128) this.problem ??= PROBLEMS.beyond128;
    else writeBigint(value, this.into);
  }

  float(value: number): void {
    writeFloat(value, this.into);
  }

  text(bytes: Uint8Array, start: number, end: number): void {
    writeHead(TEXT_STRING, end - start, this.into);
    this.into.append(bytes, start, end);
  }

  binary(bytes: Uint8Array, start: number, end: number): void {
    writeHead(BINARY, end - start, this.into);
    this.into.append(bytes, start, end);
  }

  openList(size: number): void {
    this.#open(LIST, size);
  }
  openMap(size: number): void {
    this.#open(MAP, size);
  }
  closeList(count: number): void {
    if (count >= 0) writeByte(BREAK, this.into);
  }
  closeMap(count: number): void {
    if (count >= 0) writeByte(BREAK, this.into);
  }

  #open(major: number, size: number): void {
    if (size < 0) writeByte((major << 5) | INDEFINITE, this.into);
    else writeHead(major, size, this.into);
  }
}

export const cborSink: TokenSink = new CborSink();
