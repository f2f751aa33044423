/** The ports of the admin server, plain and over TLS: the same routes behind both. */
import type { FastifyInstance } from 'fastify';
import type { Context } from '../../runtime/kernel/actor.ts';
import { errorReason } from '../../runtime/kernel/actor.ts';
import type { KernelLog } from '../../runtime/kernel/kernel.ts';
import type { Metrics } from '../../runtime/metrics/metrics.ts';
import { operatorHttp, type OperatorHttp } from '../../runtime/net/operator-http.ts';
import { loadTlsOptions } from '../../runtime/net/tls.ts';
import type { AdminMessage, AdminSection } from './api.ts';
import type { AdminConfig, AdminTlsConfig } from './config.ts';

export interface AdminPortsParts {
  readonly config: AdminConfig;
  readonly context: Context<AdminMessage>;
  readonly metrics: Metrics;
  readonly log: KernelLog['event'];
  addRoutes(app: FastifyInstance): void;
}

type Place = Pick<AdminTlsConfig, 'address' | 'port'> & { readonly tls?: AdminTlsConfig['tls'] };

export class AdminPorts {
  readonly #parts: AdminPortsParts;
  readonly #opening = new Set<AdminSection>();
  #https: OperatorHttp | undefined;

  /** Opens those that are enabled; throws when a certificate cannot be used. */
  constructor(parts: AdminPortsParts) {
    this.#parts = parts;
    const { config } = parts;
    if (config.enabled) this.#open('admin_api.http', config);
    if (config.https.enabled) this.#https = this.#open('admin_api.https', config.https);
  }

  onListening(section: AdminSection): void {
    this.#opening.delete(section);
    if (this.#opening.size === 0) this.#parts.context.ready();
  }

  onFailed(section: AdminSection, error: Error): void {
    const { config, context } = this.#parts;
    const place = section === 'admin_api.http' ? config : config.https;
    context.exit(errorReason(advise(error, section, place)));
  }

  /** With files that cannot be read the port goes on as it was. */
  reload({ tls }: AdminTlsConfig): void {
    if (this.#https === undefined || tls === undefined) return;
    const section: AdminSection = 'admin_api.https';
    try {
      this.#https.useTls(loadTlsOptions(tls, section));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#parts.metrics.counters.count('admin_reloads_failed');
      this.#parts.log('error', 'reload_failed', { listener: section, why });
    }
  }

  #open(section: AdminSection, { address, port, tls }: Place): OperatorHttp {
    const { config, context, metrics, log, addRoutes } = this.#parts;
    const { counters } = metrics;
    const { allowedHosts, allowedOrigins, maxConnections } = config;
    const server = operatorHttp({
      ...{ allowedHosts, allowedOrigins, maxConnections },
      tls: tls && loadTlsOptions(tls, section),
      onError: (method, url, error) =>
        log('error', 'admin_request_failed', { method, url, error: error.message }),
      onAcceptError: () => counters.count('admin_accept_errors'),
      onTlsError: () => counters.count('admin_tls_errors'),
      onRefused: ({ code }) => counters.count(`admin_${code}`),
    });
    context.own(server);
    addRoutes(server.app);
    this.#opening.add(section);
    const { self } = context;
    server.listen(
      port,
      address,
      (taken) => self.cast({ kind: 'listening', section, port: taken }),
      (error) => self.cast({ kind: 'failed', section, error }),
    );
    return server;
  }
}

/** The operating system's refusal, as a sentence that says what to change. */
function advise(
  error: NodeJS.ErrnoException,
  section: AdminSection,
  { address, port }: Pick<AdminTlsConfig, 'address' | 'port'>,
): Error {
  const where = `port ${port} on ${address}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(
        `${where} is in use: set ${section}.port to a free port, or ${section}.enabled to off`,
      );
    case 'EADDRNOTAVAIL':
      return new Error(`${where}: no such address here: set ${section}.ip to one of its own`);
    case 'EACCES':
      return new Error(`${where} needs more rights: set ${section}.port above 1023`);
    default:
      return error;
  }
}
