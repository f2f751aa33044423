/**
 * Who has seen what: tells every member now and then how far this node has seen, hears the same of them, and tells the
 * partitions, which forget what all have seen. A node that has just come, or lost its disk, knows only some of the members;
 * it must not take what those have seen for seen by all, so nothing counts until all it knows of know the same members.
 * With the reports come wall clocks: when most peers are far from ours in the same direction, ours is wrong, and this node
 * writes nothing until it is not.
 */
import { ClockSkew } from '../../runtime/causality/clock-skew.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import { nodeKey } from '../../runtime/causality/identity.ts';
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import { hashText, hexOf } from '../../runtime/structures/text-hash.ts';
import type { MembershipEvent } from '../membership/api.ts';
import { MEMBERSHIP } from '../membership/api.ts';
import { partitionName } from './api.ts';
import { Away } from './away.ts';
import type { Seen } from './news.ts';
import type { ReplicationDependencies, SeenReport } from './services.ts';
import { REPLICATOR, STORE_CLOCK } from './services.ts';

export interface ClockDependencies extends Pick<
  ReplicationDependencies,
  'state' | 'config' | 'count' | 'report'
> {
  readonly self: NodeId;
  /** There is no membership to follow, and never will be. */
  readonly isAlone?: boolean;
  /** All members, those that are down among them, this node too: tombstones wait for each. */
  members(): readonly NodeId[];
}

type Message =
  SeenReport | MembershipEvent | { readonly kind: 'tick' } | { readonly kind: 'follow' };

const FOLLOW_AGAIN_MS = 200;
/** For members that missed it an unchanged report is repeated in the next ticks, then this seldom. */
const REPEAT_FIRST = 2;
const REPEAT_EVERY = 6;

export function clock(dependencies: ClockDependencies): Definition<Message> {
  return { class: 'control', init: (context) => new ClockActor(dependencies, context) };
}

class ClockActor implements Handlers<Message> {
  readonly #d: ClockDependencies;
  readonly #context: Context<Message>;
  readonly #skew: ClockSkew;
  readonly #away: Away;
  /** Members that are up, as membership has told. */
  readonly #up = new Set<string>();
  /** Those that count, by their keys. */
  #members: readonly string[] = [];
  /** Of all, also those that are away. */
  #memberCount = 0;
  #hash = '';
  /** Which members each member knows, as its newest report says: broadcasts may come in any order, minutes late. */
  readonly #known = new Map<string, Pick<Seen, 'members' | 'atMs'>>();
  #isComplete = false;
  #lastTold = '';
  /** Ticks since the report was another. */
  #repeated = 0;

  constructor(dependencies: ClockDependencies, context: Context<Message>) {
    this.#d = dependencies;
    this.#context = context;
    this.#skew = new ClockSkew(dependencies.config.skew);
    this.#away = new Away(dependencies.config.awayMs);
    context.register(STORE_CLOCK);
    if (dependencies.isAlone) this.#tellMembers();
    else this.#follow();
    context.after(dependencies.config.watermarkMs, { kind: 'tick' });
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'seen':
        return this.#onSeen(message);
      case 'tick':
        this.#context.after(this.#d.config.watermarkMs, { kind: 'tick' });
        this.#noticeAbsent();
        this.#tellMembers();
        this.#judge();
        return this.#report();
      case 'node_up':
        this.#up.add(message.node.name);
        this.#away.up(message.node.name);
        this.#lastTold = ''; // who is new has heard nothing yet
        return this.#tellMembers();
      case 'node_down':
        this.#up.delete(message.node.name);
        this.#away.down(message.node.name, this.#now());
        return;
      case 'node_left':
        this.#up.delete(message.node.name);
        this.#away.up(message.node.name);
        this.#skew.forget(message.node.name);
        return this.#tellMembers();
      case 'node_suspect':
        return;
      case 'follow':
        return this.#follow();
    }
  }

  onDown(): void {
    this.#context.after(FOLLOW_AGAIN_MS, { kind: 'follow' });
  }

  #follow(): void {
    const membership = this.#context.whereis(MEMBERSHIP);
    if (membership === undefined) return this.onDown();
    this.#context.monitor(membership);
    this.#up.clear(); // who is up is told anew
    membership.cast({ kind: 'subscribe', target: this.#context.self });
    this.#tellMembers();
  }

  #onSeen({ node, news }: SeenReport): void {
    const { partitions } = this.#d.state;
    if (news.frontiers.length !== partitions.length) {
      return this.#d.count('store_messages_malformed');
    }
    // Who has just been heard of and is out of reach comes up for nobody, and yet has not seen what we are told here.
    if (this.#d.members().length !== this.#memberCount) this.#tellMembers();
    this.#skew.heard(node.name, news.wallMs, this.#context.clock.wall(), this.#now());
    const member = nodeKey(node);
    news.frontiers.forEach((frontier, index) => {
      this.#context.whereis(partitionName(index))?.cast({ kind: 'watermark', member, frontier });
    });
    if (news.atMs <= (this.#known.get(member)?.atMs ?? -1)) return;
    this.#known.set(member, { members: news.members, atMs: news.atMs });
    if (this.#knowTheSame() !== this.#isComplete) this.#tellMembers();
  }

  #report(): void {
    const frontiers = this.#d.state.partitions.map(({ clock: seen }) => seen.frontier);
    const told = JSON.stringify([this.#hash, frontiers]);
    this.#repeated = told === this.#lastTold ? this.#repeated + 1 : 0;
    if (this.#repeated > REPEAT_FIRST && this.#repeated % REPEAT_EVERY !== 0) return;
    this.#lastTold = told;
    const news: Seen = {
      kind: 'seen',
      wallMs: this.#context.clock.wall(),
      frontiers,
      members: this.#hash,
      atMs: this.#now(),
    };
    this.#context.whereis(REPLICATOR)?.cast({ kind: 'tell', news });
  }

  /** Who was down before this node started goes down for nobody: it is away since it was first missed. */
  #noticeAbsent(): void {
    const self = this.#d.self.name;
    for (const { name } of this.#d.members()) {
      if (name !== self && !this.#up.has(name)) this.#away.down(name, this.#now());
    }
  }

  #tellMembers(): void {
    const all = this.#d.members();
    this.#memberCount = all.length;
    const keys = new Set(all.map(nodeKey));
    for (const member of this.#known.keys()) if (!keys.has(member)) this.#known.delete(member);
    this.#hash = hexOf(hashText([...keys].sort().join(' ')));
    this.#members = all
      .filter(({ name }) => !this.#away.isLongAway(name, this.#now()))
      .map(nodeKey);
    this.#isComplete = this.#knowTheSame();
    const told = { kind: 'members', members: this.#members, isComplete: this.#isComplete } as const;
    for (const { index } of this.#d.state.partitions) {
      this.#context.whereis(partitionName(index))?.cast(told);
    }
  }

  #knowTheSame(): boolean {
    const self = nodeKey(this.#d.self);
    return this.#members.every(
      (one) => one === self || this.#known.get(one)?.members === this.#hash,
    );
  }

  #judge(): void {
    const verdict = this.#skew.judge(this.#now());
    const offMs = verdict.kind === 'off' ? verdict.byMs : undefined;
    if ((offMs === undefined) !== (this.#d.state.clockOffMs === undefined)) {
      this.#d.report(offMs === undefined ? 'store_clock_in_step' : 'store_clock_off', {
        ...(offMs !== undefined && { offMs }),
      });
    }
    this.#d.state.clockOffMs = offMs;
  }

  #now(): number {
    return this.#context.clock.now();
  }
}
