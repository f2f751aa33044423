/**
 * What follows from a request, kept until that has its answer: in the order of its causes, and then whoever broke the
 * protocol leaves.
 */
import type { Dict, Value } from '../../runtime/wamp/message.ts';
import type { Member } from './api.ts';
import type { Announcement } from './effects.ts';

export interface FollowUpPerformer {
  announce(announcement: Announcement): void;
  expel(member: Member): void;
}

export class FollowUps {
  readonly #performer: FollowUpPerformer;
  readonly #announcements: Announcement[] = [];
  readonly #tasks: (() => void)[] = [];
  /** Broke the protocol in the request being handled. */
  #doomed: Member | undefined;

  constructor(performer: FollowUpPerformer) {
    this.#performer = performer;
  }

  get isEmpty(): boolean {
    return this.#announcements.length === 0 && this.#tasks.length === 0 && !this.#doomed;
  }

  announce(topic: string, args: readonly Value[], kwargs?: Dict): void {
    this.#announcements.push({ topic, args, kwargs, isHere: false });
  }

  /** To sessions of this node only: every other node says so to its own. */
  announceHere(topic: string, args: readonly Value[]): void {
    this.#announcements.push({ topic, args, kwargs: undefined, isHere: true });
  }

  afterwards(task: () => void): void {
    this.#tasks.push(task);
  }

  doom(member: Member): void {
    this.#doomed = member;
  }

  run(): void {
    for (const task of this.#tasks.splice(0)) task();
    this.publish();
    const doomed = this.#doomed;
    this.#doomed = undefined;
    if (doomed) this.#performer.expel(doomed);
  }

  publish(): void {
    if (this.#announcements.length === 0) return;
    for (const each of this.#announcements.splice(0)) this.#performer.announce(each);
  }
}
