/**
 * Applies the bootstrap file once, when who may do what has been read and before anybody can come in. A mistake in it is an
 * operator's, so at the start it ends the node with a sentence; when its supervisor is restarted later, the file was
 * applied already.
 */
import type { Context, Definition, Handlers } from '../../../runtime/kernel/actor.ts';
import { errorReason } from '../../../runtime/kernel/actor.ts';

type Message =
  | { readonly kind: 'look' }
  | { readonly kind: 'applied' }
  | { readonly kind: 'failed'; readonly error: Error };

export interface BootstrapDependencies {
  /** Security data has been read. */
  isReady(): boolean;
  isApplied(): boolean;
  /** Delivers once. */
  apply(done: (error: Error | undefined) => void): void;
}

const LOOK_MS = 20;

export function bootstrap(dependencies: BootstrapDependencies): Definition<Message> {
  return {
    class: 'control',
    startsLater: true,
    init: (context) => new Bootstrap(dependencies, context),
  };
}

class Bootstrap implements Handlers<Message> {
  readonly #d: BootstrapDependencies;
  readonly #context: Context<Message>;

  constructor(dependencies: BootstrapDependencies, context: Context<Message>) {
    this.#d = dependencies;
    this.#context = context;
    this.#look();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'look':
        return this.#look();
      case 'applied':
        return this.#context.ready();
      case 'failed':
        return this.#context.exit(errorReason(message.error));
    }
  }

  #look(): void {
    if (this.#d.isApplied()) return void this.#context.self.cast({ kind: 'applied' });
    if (!this.#d.isReady()) {
      this.#context.after(LOOK_MS, { kind: 'look' });
      return;
    }
    this.#d.apply((error) => {
      this.#context.self.cast(error ? { kind: 'failed', error } : { kind: 'applied' });
    });
  }
}
