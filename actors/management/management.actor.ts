/**
 * The admin API as an actor: who calls it is answered once, also when it dies. Whatever takes time (the store, passwords,
 * routers) comes back as a message, so that a mistake in what follows ends this actor and nothing else.
 */
import type { Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import type { ManagementMessage } from './api.ts';
import { MANAGEMENT } from './api.ts';
import type { ManagementConfig } from './config.ts';
import { ManagementApi } from './management.ts';
import type { Operation } from './operation.ts';
import type { ManagementPorts, OperationsPort } from './ports.ts';

export interface ManagementDependencies {
  readonly table: readonly Operation[];
  readonly config: ManagementConfig;
  readonly ports: ManagementPorts;
}

export function management(dependencies: ManagementDependencies): Definition<ManagementMessage> {
  return {
    class: 'control',
    mailbox: { limit: 10_000, onFull: 'refuse' },
    init: (context) => new ManagementActor(dependencies, context),
  };
}

class ManagementActor implements Handlers<ManagementMessage> {
  readonly #api: ManagementApi;

  constructor(
    { table, config, ports }: ManagementDependencies,
    context: Context<ManagementMessage>,
  ) {
    context.register(MANAGEMENT);
    this.#api = new ManagementApi(table, inOwnTurns(ports, context), config);
  }

  handle(message: ManagementMessage): void {
    switch (message.kind) {
      case 'call':
        return this.#api.call(message.call, (outcome) => message.reply.reply(outcome));
      case 'resume':
        return message.task();
    }
  }
}

/** The same ports, whose answers arrive in a turn of the actor. */
function inOwnTurns(ports: ManagementPorts, context: Context<ManagementMessage>): ManagementPorts {
  const later =
    <A extends readonly unknown[]>(done: (...args: A) => void) =>
    (...args: A): void =>
      void context.self.cast({ kind: 'resume', task: () => done(...args) });
  const performing = <V extends string>(port: OperationsPort<V> | undefined) =>
    port && {
      perform: (...[verb, request, done]: Parameters<OperationsPort<V>['perform']>) =>
        port.perform(verb, request, later(done)),
    };
  const { writer, passwords, meta } = ports;
  return {
    ...ports,
    writer: { commit: (records, options, done) => writer.commit(records, options, later(done)) },
    passwords: {
      make: (password, options, done) => passwords.make(password, options, later(done)),
      verify: (password, stored, options, done) =>
        passwords.verify(password, stored, options, later(done)),
    },
    meta: {
      ask: (realm, procedure, args, kwargs, caller, done) =>
        meta.ask(realm, procedure, args, kwargs, caller, later(done)),
    },
    cluster: performing(ports.cluster),
    tickets: performing(ports.tickets),
    backup: performing(ports.backup),
    store: performing(ports.store),
    metrics: (done) => ports.metrics(later(done)),
  };
}
