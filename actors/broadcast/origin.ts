/**
 * Where a broadcast comes from: `name#incarnation/life`. The node's key, and a number drawn when its sequence started
 * at 1: the sequence is in memory, so a broadcaster that lost it within one incarnation must not seem to repeat itself.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import { nodeKey } from '../../runtime/causality/identity.ts';

const ORIGIN = /^([^\s#/]{1,255})#([1-9][0-9]{0,15})\/([0-9a-z]{1,11})$/;
/** Longest name, 16 digits, 11 characters, two separators. */
const MAX_LENGTH = 255 + 16 + 11 + 2;

/** A new origin of this node. */
export function originOf(node: NodeId, life: number): string {
  return `${nodeKey(node)}/${life.toString(36)}`;
}

/** From the wire: bounded and readable. */
export function isOrigin(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_LENGTH && ORIGIN.test(value);
}

/** The node of a string that `isOrigin`. */
export function nodeOf(origin: string): NodeId {
  const hash = origin.lastIndexOf('#');
  const slash = origin.lastIndexOf('/');
  return {
    name: origin.slice(0, hash),
    incarnation: Number(origin.slice(hash + 1, slash)),
  };
}
