/**
 * The roster: everyone this node has ever heard of and not been told to forget. A state-based CRDT: a map of records that
 * merge (member.ts), so any order, repetition and delay of gossip ends in the same roster. Who left stays as a record of
 * having left, which is what makes late gossip about it harmless; the dead stay too and are retried for ever.
 */
import type { TextHash } from '../../runtime/structures/text-hash.ts';
import { hashText } from '../../runtime/structures/text-hash.ts';
import { BUCKETS, SetDigest, bucketOf } from './digest.ts';
import type { Member } from './member.ts';
import { memberText, mergeMember } from './member.ts';

export interface Change {
  /** Undefined: the name is new. */
  readonly before: Member | undefined;
  readonly after: Member;
}

interface Row {
  member: Member;
  hash: TextHash;
  readonly bucket: number;
}

export class Roster {
  readonly #rows = new Map<string, Row>();
  readonly #buckets: Row[][] = Array.from({ length: BUCKETS }, () => []);
  readonly #names: string[] = [];
  readonly #digest = new SetDigest();
  readonly #limit: number;
  #refused = 0;

  /** Holds at most `limit` names; records of further ones are refused and counted. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** New names that were refused because the roster is full. */
  get refused(): number {
    return this.#refused;
  }

  /** Every name, in the order in which they were learned. */
  get names(): readonly string[] {
    return this.#names;
  }

  get(name: string): Member | undefined {
    return this.#rows.get(name)?.member;
  }

  *members(): IterableIterator<Member> {
    for (const { member } of this.#rows.values()) yield member;
  }

  /** Joins records into the roster; what was news is returned, in their order. */
  merge(records: Iterable<Member>): readonly Change[] {
    const changes: Change[] = [];
    for (const record of records) {
      const change = this.#mergeOne(record);
      if (change !== undefined) changes.push(change);
    }
    return changes;
  }

  get digest(): string {
    return this.#digest.root;
  }

  bucketDigests(): readonly number[] {
    return this.#digest.lanes();
  }

  /** Which buckets differ from those of a peer. */
  differing(digests: readonly number[]): readonly number[] {
    return this.#digest.differing(digests);
  }

  inBuckets(buckets: readonly number[]): readonly Member[] {
    return buckets.flatMap((bucket) => this.#buckets[bucket]!.map(({ member }) => member));
  }

  #mergeOne(record: Member): Change | undefined {
    const row = this.#rows.get(record.name);
    if (row === undefined) return this.#add(record);
    const before = row.member;
    const after = mergeMember(before, record);
    if (after === before) return undefined;
    this.#digest.remove(row.bucket, row.hash);
    row.member = after;
    row.hash = hashText(memberText(after));
    this.#digest.add(row.bucket, row.hash);
    return { before, after };
  }

  #add(member: Member): Change | undefined {
    if (this.#rows.size >= this.#limit) {
      this.#refused++;
      return undefined;
    }
    const bucket = bucketOf(member.name);
    const row = { member, bucket, hash: hashText(memberText(member)) };
    this.#rows.set(member.name, row);
    this.#buckets[bucket]!.push(row);
    this.#names.push(member.name);
    this.#digest.add(bucket, row.hash);
    return { before: undefined, after: member };
  }
}
