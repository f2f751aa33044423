/**
 * An HTTP server for operators, not for the world: every request passes the admission rules, every answer
 * carries headers that keep other pages from embedding or reading it, every error is JSON, everything has a
 * limit. Built on fastify; the caller adds the routes.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { refusal, type Refused } from './http-admission.ts';

export interface OperatorHttpOptions {
  /** Host names answered besides loopback names and the socket's own address; lower case. */
  readonly allowedHosts: readonly string[];
  /** Of pages that may ask with credentials that their script has: `https://admin.example.com`. */
  readonly allowedOrigins: readonly string[];
  readonly maxConnections: number;
  /** Undefined: plain HTTP. */
  readonly tls?: SecureContextOptions | undefined;
  /** A handler failed (answered with 500). */
  onError(method: string, url: string, error: Error): void;
  /** A connection could not be taken, for want of descriptors mostly. The next one may be. */
  onAcceptError(): void;
  /** A TLS handshake failed; its connection is gone. */
  onTlsError(): void;
  /** A request was not admitted. */
  onRefused(refused: Refused): void;
}

export interface OperatorHttp {
  readonly app: FastifyInstance;
  /** Binds, once the routes are in place; `failed`: it cannot. */
  listen(
    port: number,
    address: string,
    listening: (port: number) => void,
    failed: (error: NodeJS.ErrnoException) => void,
  ): void;
  /** Certificates for connections to come. Only of a server with TLS. */
  useTls(tls: SecureContextOptions): void;
  /** Closes the port and cuts every connection, at once. */
  close(): void;
}

const MAX_HEADER_BYTES = 8 * 1024;
const MAX_URL_LENGTH = 1_024;
const REQUEST_TIMEOUT_MS = 10_000;
/** How often node looks for requests that take too long; its default would let them live for half a minute more. */
const CHECK_INTERVAL_MS = 1_000;

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'; require-trusted-types-for 'script'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};

export function operatorHttp(options: OperatorHttpOptions): OperatorHttp {
  const { app, server } = makeApp(options);
  const allowedHosts = new Set(options.allowedHosts.map((host) => host.toLowerCase()));
  const allowedOrigins = new Set(options.allowedOrigins.map((origin) => origin.toLowerCase()));
  server.maxConnections = options.maxConnections;
  // In the middle of a TLS handshake it is no connection of HTTP yet.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(HEADERS);
    const refused = refusal(headOf(request), allowedHosts, allowedOrigins);
    if (refused !== undefined) {
      options.onRefused(refused);
      fail(reply, refused.status, refused.code, refused.message);
    } else if (request.url.length > MAX_URL_LENGTH) {
      fail(reply, 414, 'url_too_long', `a URL has at most ${MAX_URL_LENGTH} characters here`);
    } else if (!answerOrigin(request, reply, allowedOrigins)) {
      done();
    }
  });
  app.setNotFoundHandler((request, reply) => notFound(app, request, reply));
  app.setErrorHandler((thrown, request, reply) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const status =
      'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
    if (status < 500) return fail(reply, status, 'bad_request', error.message);
    options.onError(request.method, request.url, error);
    return fail(reply, 500, 'internal_error', 'the log has the details');
  });

  return {
    app,
    listen: (port, address, listening, failed) =>
      listen(app, server, port, address, listening, failed, options.onAcceptError),
    useTls: (tls) => {
      if (!('setSecureContext' in server)) throw new Error('a server without TLS');
      server.setSecureContext(tls);
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Routes added within get bodies: JSON, small, without `__proto__`; everything else is refused with 415. */
export function withJsonBodies(app: FastifyInstance, add: (app: FastifyInstance) => void): void {
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'string' },
      scope.getDefaultJsonParser('error', 'error'),
    );
    add(scope);
    done();
  });
}

/** Answers with a JSON error, in the shape of the admin API's own. */
export function fail(reply: FastifyReply, status: number, code: string, message: string): void {
  void reply.code(status).send({ code, message, description: message });
}

const LIMITS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  requestTimeout: REQUEST_TIMEOUT_MS,
  headersTimeout: REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: CHECK_INTERVAL_MS,
};

function makeApp({ tls, onTlsError }: Pick<OperatorHttpOptions, 'tls' | 'onTlsError'>): {
  app: FastifyInstance;
  server: Server | TlsServer;
} {
  let server: Server | TlsServer | undefined;
  const serverFactory = (handler: RequestListener): Server => {
    if (tls === undefined) return (server = createServer(LIMITS, handler));
    const secure = { ...LIMITS, ...tls, handshakeTimeout: REQUEST_TIMEOUT_MS };
    return (server = createTlsServer(secure, handler).on('tlsClientError', onTlsError));
  };
  const app = fastify({
    logger: false,
    bodyLimit: 1_024,
    serverFactory,
    // A realm's URI has 255 characters; percent-encoded they are more, and the whole URL is bounded.
    routerOptions: { maxParamLength: MAX_URL_LENGTH },
  });
  // Bodies are not parsed, except within withJsonBodies.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  if (server === undefined) throw new Error('fastify did not ask for a server');
  return { app, server };
}

function listen(
  app: FastifyInstance,
  server: Server,
  port: number,
  address: string,
  listening: (port: number) => void,
  failed: (error: Error) => void,
  onAcceptError: () => void,
): void {
  server.once('error', failed);
  server.once('listening', () => {
    server.off('error', failed);
    server.on('error', onAcceptError);
    const bound = server.address();
    listening(typeof bound === 'object' && bound !== null ? bound.port : port);
  });
  app.ready((error) => {
    if (error) failed(error);
    else server.listen(port, address);
  });
}

function notFound(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split('?', 1)[0] ?? '/';
  if (request.method !== 'GET' && app.hasRoute({ method: 'GET', url: path })) {
    void reply.header('allow', 'GET, HEAD');
    return fail(reply, 405, 'method_not_allowed', 'only GET and HEAD are answered here');
  }
  if (request.method !== 'POST' && app.hasRoute({ method: 'POST', url: path })) {
    void reply.header('allow', 'POST');
    return fail(reply, 405, 'method_not_allowed', 'only POST is answered here');
  }
  return fail(reply, 404, 'not_found', 'nothing is served under this path');
}

function headOf(request: FastifyRequest): {
  host: string | undefined;
  origin: string | undefined;
  fetchSite: string | undefined;
  fetchMode: string | undefined;
  localAddress: string | undefined;
} {
  const { headers, headersDistinct, socket } = request.raw;
  const hosts = headersDistinct.host ?? [];
  return {
    // Two of them are answered by none of the two (RFC 9112 3.2).
    host: hosts.length === 1 ? hosts[0] : undefined,
    origin: headers.origin,
    fetchSite: header(headers['sec-fetch-site']),
    fetchMode: header(headers['sec-fetch-mode']),
    localAddress: socket.localAddress,
  };
}

const PREFLIGHT: Readonly<Record<string, string>> = {
  'access-control-allow-methods': 'GET, POST, PUT, DELETE',
  'access-control-allow-headers': 'authorization, content-type',
  'access-control-max-age': '600',
};

/**
 * Lets a page of an allowed origin read the answer (Fetch standard, CORS protocol). Without credentials of the browser's: it
 * must have its own. True: it was a preflight, and is answered.
 */
function answerOrigin(
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  allowedOrigins: ReadonlySet<string>,
): boolean {
  if (allowedOrigins.size === 0) return false;
  void reply.header('vary', 'origin');
  const { origin } = headers;
  if (origin === undefined || !allowedOrigins.has(origin.toLowerCase())) return false;
  void reply.headers({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'link, location, x-total-count, retry-after',
  });
  if (method !== 'OPTIONS') return false;
  void reply.headers(PREFLIGHT).code(204).send();
  return true;
}

function header(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
