/**
 * Ids of registrations and subscriptions in a cluster: made of what they stand for, so that every node gives the same
 * one without asking. (They are in the router's scope, where the specification lets it choose.)
 */
import type { Id } from '../../../runtime/wamp/message.ts';
import type { MatchPolicy } from '../matching/patterns.ts';

export function patternKey(match: MatchPolicy, uri: string): string {
  return `${match[0]}:${uri}`;
}

/** 1 .. 2^53, cyrb53 over the pattern. Two patterns with one id: the later one is given the next that is free. */
export function patternId(match: MatchPolicy, uri: string, isTaken: (id: Id) => boolean): Id {
  let id = hash53(patternKey(match, uri)) + 1;
  while (isTaken(id)) id = id >= 2 ** 53 ? 1 : id + 1;
  return id;
}

function hash53(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
