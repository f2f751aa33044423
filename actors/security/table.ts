/**
 * What is known of who may do what, and what of it is still to be acted upon. It outlives the actor that writes it: while
 * that is being restarted everybody goes on asking, and nothing that a change asks for is lost.
 */
import type { Owner, SetWriter } from '../../runtime/kernel/table.ts';
import { SetTable } from '../../runtime/kernel/table.ts';
import type { Id } from '../../runtime/wamp/message.ts';
import { Policy } from './policy/policy.ts';
import type { PolicyChange, PolicyPort } from './policy-port.ts';

/** A session that has changed its own password, and is to stay. */
export interface Spared {
  readonly session: Id;
  readonly passwordAt: number;
}

const MAX_SPARED = 1_000;

export class SecurityTable {
  readonly #policy: Policy;
  readonly #work = new SetTable<number, PolicyChange>('policy changes');
  /** By the username whose password it was. */
  readonly #spared = new Map<string, Spared>();
  #isLoaded = false;

  constructor(policy: Policy = new Policy()) {
    this.#policy = policy;
  }

  get policy(): PolicyPort &
    Pick<Policy, 'record' | 'records' | 'facts' | 'isConfigured' | 'stamp'> {
    return this.#policy;
  }

  /** All that the store had when it was first read is in. Until then nobody may enter any realm. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** For the one who feeds it. */
  claim(owner: Owner): SecurityWriter {
    const work = this.#work.claim(owner);
    return {
      policy: this.#policy,
      work: new Work(work),
      loaded: () => {
        this.#isLoaded = true;
      },
    };
  }

  spare(username: string, spared: Spared): void {
    this.#spared.delete(username);
    this.#spared.set(username, spared);
    for (const oldest of this.#spared.keys()) {
      if (this.#spared.size <= MAX_SPARED) return;
      this.#spared.delete(oldest);
    }
  }

  /** The session that survives this change of the password. */
  sparedOf(username: string, passwordAt: number): Id | undefined {
    const spared = this.#spared.get(username);
    return spared?.passwordAt === passwordAt ? spared.session : undefined;
  }
}

export interface SecurityWriter {
  readonly policy: Policy;
  readonly work: Work;
  loaded(): void;
}

/** A queue that is given up only when what it asks for was done. */
export class Work {
  readonly #rows: SetWriter<number, PolicyChange>;
  #next: number;

  constructor(rows: SetWriter<number, PolicyChange>) {
    this.#rows = rows;
    this.#next = Math.max(0, ...rows.keys()) + 1;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  add(changes: readonly PolicyChange[]): void {
    for (const change of changes) this.#rows.set(this.#next++, change);
  }

  /** Oldest first. */
  all(): readonly PolicyChange[] {
    return [...this.#rows.values()];
  }

  /** The oldest so many. */
  done(count: number): void {
    for (const key of [...this.#rows.keys()].slice(0, count)) this.#rows.delete(key);
  }
}
