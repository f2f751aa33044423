/**
 * From the tree to the subscribers: a cast each, and nothing waits for anybody. What a full mailbox refuses, or what has
 * no subscriber yet, waits in a bounded backlog of its own, in order, and is tried again; the tree goes on meanwhile. The
 * rows are in a table of the supervisor: subscribers need not notice that a broadcaster was restarted.
 */
import type { Target } from '../../runtime/kernel/actor.ts';
import type { SetWriter } from '../../runtime/kernel/table.ts';
import type { BroadcastConfig } from './config.ts';
import type { Broadcasted, BroadcastTopic } from './api.ts';
import { BROADCAST_TOPICS } from './api.ts';
import type { BroadcastCounter } from './port.ts';

interface Backlog {
  readonly waiting: Broadcasted[];
  bytes: number;
}

interface Subscription extends Backlog {
  readonly target: Target<Broadcasted>;
}

/** All about one topic. */
export interface TopicRow {
  readonly subscriptions: Subscription[];
  /** For the first subscriber. */
  readonly orphans: Backlog;
}

export class Deliveries {
  readonly #config: BroadcastConfig;
  readonly #count: (what: BroadcastCounter, by?: number) => void;
  readonly #topics: SetWriter<string, TopicRow>;

  constructor(
    topics: SetWriter<string, TopicRow>,
    config: BroadcastConfig,
    count: (what: BroadcastCounter, by?: number) => void,
  ) {
    this.#topics = topics;
    for (const topic of BROADCAST_TOPICS) if (!topics.has(topic)) topics.set(topic, newTopic());
    this.#config = config;
    this.#count = count;
  }

  subscribe(topic: BroadcastTopic, target: Target<Broadcasted>): void {
    const { subscriptions, orphans } = this.#topics.get(topic)!;
    if (subscriptions.some((known) => known.target === target)) return;
    const bytes = orphans.bytes;
    subscriptions.push({ target, waiting: orphans.waiting.splice(0), bytes });
    orphans.bytes = 0;
    this.retry();
  }

  unsubscribe(topic: BroadcastTopic, target: Target<Broadcasted>): void {
    const { subscriptions } = this.#topics.get(topic)!;
    const at = subscriptions.findIndex((known) => known.target === target);
    if (at >= 0) subscriptions.splice(at, 1);
  }

  /** False: some subscriber could not take it; call `retry` later. */
  deliver(message: Broadcasted): boolean {
    const topic = this.#topics.get(message.topic)!;
    let isDone = true;
    if (topic.subscriptions.length === 0) this.#keep(topic.orphans, message);
    for (const subscription of [...topic.subscriptions]) {
      this.#keep(subscription, message);
      if (!this.#drain(topic, subscription)) isDone = false;
    }
    return isDone;
  }

  /** Tries what waits for subscribers. False: some of it still waits. */
  retry(): boolean {
    let isDone = true;
    for (const topic of this.#topics.values()) {
      for (const subscription of [...topic.subscriptions]) {
        if (!this.#drain(topic, subscription)) isDone = false;
      }
    }
    return isDone;
  }

  backlog(): number {
    let count = 0;
    for (const { subscriptions, orphans } of this.#topics.values()) {
      count += orphans.waiting.length;
      for (const { waiting } of subscriptions) count += waiting.length;
    }
    return count;
  }

  /** True: nothing waits for it any more. */
  #drain(topic: TopicRow, subscription: Subscription): boolean {
    const { target, waiting } = subscription;
    let done = 0;
    while (done < waiting.length) {
      const delivery = target.cast(waiting[done]!);
      if (delivery === 'accepted') {
        subscription.bytes -= waiting[done++]!.payload.length;
        continue;
      }
      waiting.splice(0, done);
      if (delivery === 'refused') return false;
      this.#bury(topic, subscription);
      return true;
    }
    waiting.length = 0;
    return true;
  }

  /** What the dead one did not get is for its successor. */
  #bury({ subscriptions, orphans }: TopicRow, dead: Subscription): void {
    subscriptions.splice(subscriptions.indexOf(dead), 1);
    this.#count('broadcast_subscriber_dead');
    for (const message of dead.waiting) this.#keep(orphans, message);
  }

  #keep(backlog: Backlog, message: Broadcasted): void {
    const { maxBacklog, maxBacklogBytes } = this.#config;
    const bytes = backlog.bytes + message.payload.length;
    if (backlog.waiting.length >= maxBacklog || bytes > maxBacklogBytes) {
      return this.#count('broadcast_backlog_dropped');
    }
    backlog.waiting.push(message);
    backlog.bytes = bytes;
  }
}

function newTopic(): TopicRow {
  return { subscriptions: [], orphans: { waiting: [], bytes: 0 } };
}
