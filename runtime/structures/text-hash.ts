/**
 * 64 bits of a text, for telling peers apart that know the same from those that do not. Not cryptographic: peers have
 * proved the cluster's secret before they are listened to.
 */
export type TextHash = readonly [high: number, low: number];

/** cyrb53's mixing (public domain), keeping all 64 bits. */
export function hashText(text: string): TextHash {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return [high >>> 0, low >>> 0];
}

/** 16 hexadecimal digits. */
export function hexOf([high, low]: TextHash): string {
  return hex(high) + hex(low);
}

function hex(lane: number): string {
  return lane.toString(16).padStart(8, '0');
}
