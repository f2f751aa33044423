/**
 * How late this node is: a beat every second in the control class shows what a control message waits behind
 * everything else. Cluster failure detection will ask it before it suspects others.
 */
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import type { HealthMessage } from './api.ts';
import { HEALTH } from './api.ts';

const BEAT_MS = 1000;
/** A beat later than this is worth a log line. */
const LATE_MS = 500;

export interface HealthDependencies {
  warn(event: string, fields: Record<string, unknown>): void;
}

export function health(dependencies: HealthDependencies): Definition<HealthMessage> {
  return {
    class: 'control',
    init: (context) => new Health(dependencies, context),
  };
}

class Health implements Handlers<HealthMessage> {
  readonly #d: HealthDependencies;
  readonly #context: Context<HealthMessage>;
  #due: number;
  #lagMs = 0;

  constructor(dependencies: HealthDependencies, context: Context<HealthMessage>) {
    this.#d = dependencies;
    this.#context = context;
    context.register(HEALTH);
    this.#due = this.#beat();
  }

  handle(message: HealthMessage): void {
    switch (message.kind) {
      case 'lag':
        return message.reply.reply(this.#lagMs);
      case 'beat':
        this.#lagMs = Math.max(0, this.#context.clock.now() - this.#due);
        if (this.#lagMs > LATE_MS) this.#d.warn('node_is_late', { lagMs: Math.round(this.#lagMs) });
        this.#due = this.#beat();
    }
  }

  #beat(): number {
    this.#context.after(BEAT_MS, { kind: 'beat' });
    return this.#context.clock.now() + BEAT_MS;
  }
}
