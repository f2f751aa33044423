/** The password itself (Bondy's `password`): over TLS only, unless somebody wants it otherwise. */
import type { Passwords } from '../passwords.ts';
import type { Claim, Method, MethodTools, Step } from './method.ts';
import { BUSY, FAILED, mocked, PROVEN } from './method.ts';

export class PasswordMethod implements Method {
  readonly #tools: MethodTools;
  readonly #claim: Claim;
  readonly #passwords: Passwords;
  readonly #onRight: (password: string) => void;

  constructor(
    tools: MethodTools,
    claim: Claim,
    passwords: Passwords,
    onRight: (password: string) => void,
  ) {
    this.#tools = tools;
    this.#claim = claim;
    this.#passwords = passwords;
    this.#onRight = onRight;
  }

  begin(): Step {
    return { kind: 'challenge', extra: {} };
  }

  answer(signature: string): Step {
    if (signature.length > this.#passwords.maxCharacters) return FAILED;
    const mock = mocked(this.#tools, this.#claim, 'password salt', 16);
    const { user, password } = this.#claim;
    return {
      kind: 'pending',
      settle: (deliver) =>
        this.#passwords.verify(signature, user?.password, password, mock, (verified) =>
          deliver(() => this.#step(verified, signature)),
        ),
    };
  }

  #step(verified: Parameters<Parameters<Passwords['verify']>[4]>[0], signature: string): Step {
    switch (verified) {
      case 'right':
        this.#onRight(signature);
        return PROVEN;
      case 'wrong':
        return FAILED;
      case 'busy':
        return BUSY;
      case 'failed':
        this.#tools.report('password_derivations_failed');
        return { kind: 'unavailable', detail: 'passwords cannot be checked now' };
    }
  }
}
