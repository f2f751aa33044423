/** What both listener actors do alike: open the port, answer, stop, hand over connections. */
import type { Context, Handlers } from '../../runtime/kernel/actor.ts';
import type { AcceptorOptions } from '../../runtime/net/acceptor.ts';
import { Acceptor } from '../../runtime/net/acceptor.ts';
import type { Accepted } from '../../runtime/net/acceptor.ts';
import type { Connection } from '../../runtime/net/connection.ts';
import type { NetEnvironment } from '../../runtime/net/environment.ts';
import { trustedList } from '../../runtime/net/forwarded.ts';
import { loadSecureContext } from '../../runtime/net/tls.ts';
import { SESSIONS } from '../sessions/api.ts';
import type { ListenerInfo, ListenerMessage } from './api.ts';
import { listenerName } from './api.ts';
import type { ListenerConfig } from './config.ts';

/** The transport behind the port, made anew when the configuration is reloaded. */
export interface Front {
  serve(accepted: Accepted): void;
}

export function listenerHandlers<C extends ListenerConfig>(
  context: Context<ListenerMessage<C>>,
  initial: C,
  environment: NetEnvironment,
  kind: ListenerInfo['kind'],
  frontFor: (config: C, onConnection: (connection: Connection) => void) => Front,
): Handlers<ListenerMessage<C>> {
  let config = initial;
  let bound: { readonly address: string; readonly port: number } | undefined;
  const handOver = (connection: Connection): void => startSession(context, connection, environment);
  let front = frontFor(config, handOver);
  const acceptor = new Acceptor(acceptorOptions(config), environment, {
    onListening: (address, port) => context.self.cast({ kind: 'listening', address, port }),
    onFailure: (error) => context.self.cast({ kind: 'failed', error }),
    onSocket: (accepted) => front.serve(accepted),
  });
  /** All or nothing: with files that cannot be read the port goes on as it was. */
  const reload = (next: C): void => {
    try {
      acceptor.reload(acceptorOptions(next));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      environment.count('listener_reloads_failed');
      return environment.log('error', 'reload_failed', { listener: config.section, why });
    }
    config = next;
    front = frontFor(config, handOver);
  };
  context.register(listenerName<C>(config.section));
  context.own(acceptor);
  acceptor.listen();

  return {
    handle(message) {
      switch (message.kind) {
        case 'listening':
          bound = message;
          environment.log('info', 'listening', { listener: config.section, ...bound });
          return context.ready();
        case 'failed':
          return context.exit({ kind: 'error', error: portError(config, message.error) });
        case 'stop_accepting':
          bound = undefined;
          return acceptor.close();
        case 'reload':
          return reload({ ...message.config, address: config.address, port: config.port });
        case 'info':
          return message.reply.reply({
            name: config.section,
            kind,
            address: bound?.address ?? config.address,
            port: bound?.port,
            tls: config.tls !== undefined,
            connections: environment.admission(config.section).connections,
          });
        default:
          return never(message);
      }
    },
  };
}

/** A connection nobody will read from is not kept. */
function startSession<M>(
  context: Context<M>,
  connection: Connection,
  environment: NetEnvironment,
): void {
  const delivery = context.whereis(SESSIONS)?.cast({ kind: 'start_child', argument: connection });
  if (delivery === 'accepted') return;
  environment.count('listener_sessions_refused');
  connection.destroy();
}

function acceptorOptions(config: ListenerConfig): AcceptorOptions {
  const { section, tls, trustedProxies } = config;
  return {
    name: section,
    address: config.address,
    port: config.port,
    backlog: config.acceptBacklog,
    maxConnections: config.maxConnections,
    handshakeTimeoutMs: config.handshakeTimeoutMs,
    tcpKeepAliveMs: config.tcpKeepAliveMs,
    secureContext: tls ? loadSecureContext(tls, section) : undefined,
    requestCert: tls?.requestCert,
    proxyProtocol: config.proxyProtocol,
    trustedProxies: trustedProxies.length > 0 ? trustedList(trustedProxies) : undefined,
  };
}

function portError(
  { address, port, section }: ListenerConfig,
  error: Error & { readonly code?: string },
): Error {
  const why =
    error.code === 'EADDRINUSE'
      ? 'another program uses it'
      : error.code === 'EACCES'
        ? 'not allowed for this user'
        : error.message;
  return new Error(`cannot listen on ${address} port ${port}: ${why}; change ${section}.port`);
}

function never(value: never): never {
  throw new Error(`unexpected message ${JSON.stringify(value)}`);
}
