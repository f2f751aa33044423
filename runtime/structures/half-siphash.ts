/**
 * HalfSipHash-2-4 with 64 bits of result (Aumasson, Bernstein, "SipHash", 2012; the 32-bit-word variant): a keyed hash
 * of short inputs in 32-bit arithmetic, so that nobody without the key can choose inputs that collide.
 */

export interface HashKey {
  readonly low: number;
  readonly high: number;
}

/** Of 128 bits as four words (little-endian in the algorithm's terms); writes the low and the high word of the hash. */
export function hashWords(
  { low, high }: HashKey,
  words: Uint32Array | Int32Array,
  at: number,
  out: Int32Array | Uint32Array,
): void {
  let v0 = low;
  let v1 = high ^ 0xee;
  let v2 = 0x6c796765 ^ low;
  let v3 = 0x74656462 ^ high;
  // Four words of input, the block with the length, then the two finalizations of four rounds.
  for (let block = 0; block < 7; block++) {
    const word = block < 4 ? words[at + block]! : block === 4 ? 16 << 24 : 0;
    if (block < 5) v3 ^= word;
    else if (block === 5) v2 ^= 0xee;
    else v1 ^= 0xdd;
    for (let rounds = block < 5 ? 2 : 4; rounds > 0; rounds--) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    if (block < 5) v0 ^= word;
    else out[block - 5] = v1 ^ v3;
  }
}
