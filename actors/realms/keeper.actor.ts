/** Opens and closes realms while the node runs: adds their groups to the routers' supervisor and takes them away. */
import type {
  CallOutcome,
  Context,
  Definition,
  Handlers,
  Name,
  ReplyTo,
} from '../../runtime/kernel/actor.ts';
import type {
  ChildSpec,
  StartResult,
  SupervisorMessage,
} from '../../runtime/kernel/supervision.ts';
import type { Attendance, LookAtRealms } from './api.ts';
import { REALM_KEEPER } from './api.ts';
import type { KeeperEffect, KeptRealm, WantedRealm } from './keeper.ts';
import { isSettled, reconcile } from './keeper.ts';

type KeeperMessage =
  | LookAtRealms
  | { readonly kind: 'close'; readonly uri: string }
  | { readonly kind: 'opened'; readonly uri: string; readonly outcome: CallOutcome<StartResult> }
  | { readonly kind: 'stopped'; readonly uri: string; readonly outcome: CallOutcome<boolean> }
  | { readonly kind: 'closed'; readonly uri: string; readonly outcome: CallOutcome<boolean> }
  | { readonly kind: 'router_stopped'; readonly uri: string };

export interface KeeperDependencies {
  /** Outlives this actor: what is under the supervisor. */
  readonly kept: Map<string, KeptRealm>;
  wanted(): ReadonlyMap<string, WantedRealm>;
  readonly supervisor: Name<SupervisorMessage>;
  group(uri: string, kept: KeptRealm): ChildSpec;
  /** Undefined: it is not open. */
  attendance(uri: string): Attendance | undefined;
  groupName(uri: string): Name<SupervisorMessage>;
  report(event: string, fields: Record<string, unknown>): void;
}

const AGAIN_MS = 1_000;
const STEP_MS = 60_000;
/** Sessions told in a turn. A realm of a hundred thousand must not hold up the node. */
const SESSIONS_SLICE = 200;

export function keeper(dependencies: KeeperDependencies): Definition<KeeperMessage> {
  return { class: 'control', init: (context) => new Keeper(dependencies, context) };
}

class Keeper implements Handlers<KeeperMessage> {
  readonly #d: KeeperDependencies;
  readonly #context: Context<KeeperMessage>;
  #waiting: ReplyTo<void>[] = [];

  constructor(dependencies: KeeperDependencies, context: Context<KeeperMessage>) {
    this.#d = dependencies;
    this.#context = context;
    context.register(REALM_KEEPER);
    // How far my predecessor came with these is not known: from the beginning.
    for (const [uri, kept] of dependencies.kept) {
      if (kept.phase === 'open') continue;
      kept.phase = 'closing';
      this.#close(uri);
    }
    context.self.cast({ kind: 'look' });
  }

  handle(message: KeeperMessage): void {
    switch (message.kind) {
      case 'look':
        if (message.reply) this.#waiting.push(message.reply);
        return this.#look();
      case 'close':
        return this.#close(message.uri);
      case 'opened':
        return this.#onOpened(message.uri, message.outcome);
      case 'stopped':
        return this.#onStopped(message.uri);
      case 'closed':
        return this.#onClosed(message.uri, message.outcome);
      case 'router_stopped':
        this.#context
          .whereis(this.#d.groupName(message.uri))
          ?.cast({ kind: 'restart_child', id: 'router' });
        return;
    }
  }

  #look(): void {
    for (const effect of reconcile(this.#d.kept, this.#d.wanted())) this.#perform(effect);
    if (!isSettled(this.#d.kept)) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const reply of waiting) reply.reply();
  }

  #perform({ kind, uri }: KeeperEffect): void {
    switch (kind) {
      case 'open':
        return this.#open(uri);
      case 'close':
        return this.#close(uri);
      case 'restart_router':
        return this.#restartRouter(uri);
    }
  }

  #open(uri: string): void {
    const spec = this.#d.group(uri, this.#d.kept.get(uri)!);
    this.#ask<StartResult>(
      this.#d.supervisor,
      (reply) => ({ kind: 'add_child', spec, reply }),
      (outcome) => ({ kind: 'opened', uri, outcome }),
    );
  }

  #close(uri: string): void {
    const isEmpty = this.#d.attendance(uri)?.dismiss(SESSIONS_SLICE) ?? true;
    if (!isEmpty) return void this.#context.self.cast({ kind: 'close', uri });
    this.#ask<boolean>(
      this.#d.supervisor,
      (reply) => ({ kind: 'terminate_child', id: uri, reply }),
      (outcome) => ({ kind: 'stopped', uri, outcome }),
    );
  }

  #restartRouter(uri: string): void {
    this.#ask<boolean>(
      this.#d.groupName(uri),
      (reply) => ({ kind: 'terminate_child', id: 'router', reply }),
      () => ({ kind: 'router_stopped', uri }),
    );
  }

  #onOpened(uri: string, outcome: CallOutcome<StartResult>): void {
    const kept = this.#d.kept.get(uri)!;
    if (outcome.kind === 'reply' && outcome.value.kind === 'started') {
      kept.phase = 'open';
      this.#d.report('realm_opened', { realm: uri });
      return this.#look();
    }
    const reason = outcome.kind === 'reply' ? 'its start failed' : outcome.kind;
    this.#d.report('realm_not_opened', { realm: uri, reason });
    kept.phase = 'closing'; // whatever there is of it
    this.#close(uri);
  }

  #onStopped(uri: string): void {
    this.#ask<boolean>(
      this.#d.supervisor,
      (reply) => ({ kind: 'delete_child', id: uri, reply }),
      (outcome) => ({ kind: 'closed', uri, outcome }),
    );
  }

  #onClosed(uri: string, outcome: CallOutcome<boolean>): void {
    this.#d.kept.delete(uri);
    if (outcome.kind === 'reply' && outcome.value) {
      this.#d.report('realm_closed', { realm: uri });
      return this.#look();
    }
    this.#context.after(AGAIN_MS, { kind: 'look' });
  }

  #ask<R>(
    whom: Name<SupervisorMessage>,
    request: (reply: ReplyTo<R>) => SupervisorMessage,
    deliver: (outcome: CallOutcome<R>) => KeeperMessage,
  ): void {
    const supervisor = this.#context.whereis(whom);
    if (supervisor) return this.#context.call(supervisor, request, STEP_MS, deliver);
    this.#context.self.cast(deliver({ kind: 'down', reason: { kind: 'noproc' } }));
  }
}
