/** What can be said to the registry, and what it tells the routers: who is registered and who listens, on which node. */
import type { Stamp } from '../../runtime/causality/hlc.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Name, ReplyTo, Target } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';

export type EntryMatch = 'exact' | 'prefix' | 'wildcard';

/** One callee of one procedure. */
export interface RegistrationEntry {
  readonly kind: 'registration';
  readonly realm: string;
  readonly uri: string;
  readonly match: EntryMatch;
  readonly invoke: string;
  /** The callee. */
  readonly session: number;
  /** Of the registration; equal on all nodes. */
  readonly registration: number;
  readonly concurrency: number;
  readonly discloseCaller: boolean;
  readonly forwardTimeout: boolean;
  /** What the callee has announced, of what a dealer asks for. */
  readonly features: readonly string[];
  /** Decides between registrations that exclude each other, and orders those that do not. */
  readonly stamp: Stamp;
  /** It has taken the procedure from whoever had it before. */
  readonly isForced: boolean;
  /** Wall clock, ms. */
  readonly created: number;
}

/** A node has subscribers for this pattern; how many is its own business. */
export interface InterestEntry {
  readonly kind: 'interest';
  readonly realm: string;
  readonly uri: string;
  readonly match: EntryMatch;
  readonly created: number;
}

/** A node has subscribers for this pattern that share its events under this node key. */
export interface ShardEntry {
  readonly kind: 'shard';
  readonly realm: string;
  readonly uri: string;
  readonly match: EntryMatch;
  readonly nodeKey: string;
}

/** A session, told as long as somebody elsewhere wants to hear of its end: then others can say so for a dead node. */
export interface SessionEntry {
  readonly kind: 'session';
  readonly realm: string;
  readonly session: number;
  readonly authid: string;
  readonly authrole: string;
}

/** The same of a session's subscription. */
export interface SubscriberEntry {
  readonly kind: 'subscriber';
  readonly realm: string;
  readonly session: number;
  readonly uri: string;
  readonly match: EntryMatch;
}

export type Entry = RegistrationEntry | InterestEntry | ShardEntry | SessionEntry | SubscriberEntry;

/** An entry with the id its owner gave it: the sequence at which it was added. */
export type Row = readonly [id: number, entry: Entry];

/** By a router's own key: the registry gives ids. */
export type LocalChange =
  | { readonly kind: 'add'; readonly key: string; readonly entry: Entry }
  | { readonly kind: 'remove'; readonly key: string };

/**
 * `up`: it takes part. `doubted`: it does not answer right now; others are better. `down`: it counts as dead, and what
 * it has is kept for a while. `gone`: forget it.
 */
export type NodeState = 'up' | 'doubted' | 'down' | 'gone';

export interface NodeRows {
  readonly node: NodeId;
  readonly state: Exclude<NodeState, 'gone'>;
  readonly rows: readonly Row[];
}

/** What a realm's router hears; all of its realm only. */
export type RegistryEvent =
  /** All there is elsewhere; replaces what the router knew. */
  | { readonly kind: 'reset'; readonly nodes: readonly NodeRows[] }
  | {
      readonly kind: 'rows';
      readonly node: NodeId;
      readonly added: readonly Row[];
      readonly removed: readonly number[];
    }
  | { readonly kind: 'node'; readonly node: NodeId; readonly state: NodeState }
  /** Every node that is up has what the router reported with this token and those before. */
  | { readonly kind: 'applied'; readonly token: number }
  /** The registry was restarted: attach again. */
  | { readonly kind: 'report' };

export interface RegistryListener {
  /** Never refuses. */
  admit(message: { readonly kind: 'registry'; readonly event: RegistryEvent }): void;
}

export type RegistryMessage =
  /** All that the realm has here; differences to what was known are found and told. Answered with a reset. */
  | {
      readonly kind: 'attach';
      readonly realm: string;
      readonly listener: RegistryListener;
      readonly entries: readonly { readonly key: string; readonly entry: Entry }[];
      readonly token: number;
    }
  | {
      readonly kind: 'changed';
      readonly realm: string;
      readonly changes: readonly LocalChange[];
      /** Grows with each message of a realm; comes back in `applied`. */
      readonly token: number;
    }
  | { readonly kind: 'info'; readonly reply: ReplyTo<RegistryInfo> };

export interface RegistryInfo {
  readonly self: OwnerInfo;
  readonly owners: readonly (OwnerInfo & { readonly state: NodeState; readonly acked: number })[];
}

export interface OwnerInfo {
  readonly node: NodeId;
  readonly sequence: number;
  readonly entries: number;
  /** Of the entries with their ids; equal where the same is known. */
  readonly digest: string;
}

/** The registry's mailbox outlives it. */
export interface RegistryTarget extends Target<RegistryMessage> {
  admit(message: RegistryMessage): void;
}

export const REGISTRY: Name<RegistryMessage> = name('registry');
