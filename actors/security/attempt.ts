/** One attempt to enter a realm: steps of a method become verdicts, and guessing is counted. */
import type { Dict } from '../../runtime/wamp/message.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Authentication, Verdict } from './api.ts';
import type { Entrance, Entry, Hello, Proven, Visit } from './entrance.ts';
import { NOT_PROVEN, refused } from './entrance.ts';
import type { Lockout } from './lockout.ts';
import type { Step } from './methods/method.ts';

export interface AttemptTools {
  readonly lockout: Lockout;
  /** Ms, of a clock that only goes forward. */
  now(): number;
  count(counter: string): void;
}

export class Attempt implements Authentication {
  readonly #tools: AttemptTools;
  readonly #entrance: Entrance;
  readonly #visit: Omit<Visit, 'hello'>;
  #entry: Entry | undefined;

  constructor(tools: AttemptTools, entrance: Entrance, visit: Omit<Visit, 'hello'>) {
    this.#tools = tools;
    this.#entrance = entrance;
    this.#visit = visit;
  }

  begin(hello: Hello): Verdict {
    const entry = this.#entrance.open({ ...this.#visit, hello });
    if (entry.kind === 'refused') return entry;
    const { guesser, spelling } = entry;
    if (guesser && this.#tools.lockout.isLocked(guesser, this.#tools.now())) return this.#locked();
    this.#entry = entry;
    const step = entry.method.begin();
    if (step.kind === 'challenge') {
      return { kind: 'challenge', method: spelling, extra: step.extra };
    }
    return this.#guess(entry, () => step);
  }

  answer(signature: string, extra: Dict): Verdict {
    const entry = this.#entry;
    // One answer to one challenge.
    this.#entry = undefined;
    if (!entry) return refused(ERRORS.protocolViolation, 'nothing was asked');
    return this.#guess(entry, () => entry.method.answer(signature, extra));
  }

  #guess(entry: Entry, step: () => Step): Verdict {
    const { guesser } = entry;
    if (guesser && !this.#tools.lockout.begin(guesser, this.#tools.now())) return this.#locked();
    return this.#verdict(entry, step());
  }

  #verdict(entry: Entry, step: Step): Verdict {
    switch (step.kind) {
      case 'proven':
        return this.#admit(entry, step);
      case 'failed':
        return this.#failed();
      case 'malformed':
        this.#undecided(entry);
        return refused(ERRORS.authenticationFailed, step.detail);
      case 'unavailable':
        this.#undecided(entry);
        this.#tools.count('authentications_unavailable');
        return refused(ERRORS.unavailable, step.detail);
      case 'pending':
        return {
          kind: 'pending',
          settle: (deliver) =>
            step.settle((settled) => deliver(() => this.#verdict(entry, settled()))),
        };
      case 'challenge':
        throw new Error('a method asked twice');
    }
  }

  #admit(entry: Entry, proof: Proven): Verdict {
    const principal = entry.admit(proof);
    if (principal === NOT_PROVEN) return this.#failed();
    if ('kind' in principal) {
      this.#undecided(entry);
      return principal;
    }
    if (entry.guesser) this.#tools.lockout.succeeded(entry.guesser);
    return { kind: 'welcome', principal };
  }

  #failed(): Verdict {
    this.#tools.count('authentications_failed');
    return NOT_PROVEN;
  }

  #undecided({ guesser }: Entry): void {
    if (guesser) this.#tools.lockout.undecided(guesser);
  }

  #locked(): Verdict {
    this.#tools.count('authentications_locked_out');
    return LOCKED_OUT;
  }
}

/** In the words for a wrong secret; the audit log knows it by its identity. */
export const LOCKED_OUT: Verdict = { ...NOT_PROVEN };
