/**
 * Hooks that decide, before a body is read, whether a request is answered: its rate, its content type, who makes it, and
 * whether they are granted what it is.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../../runtime/net/operator-http.ts';
import type { Caller } from '../management/api.ts';
import { credentialsOf } from './access/credentials.ts';
import type { Login, LoginOutcome } from './access/login.ts';
import type { Openness } from './access/openness.ts';
import { isOpen } from './access/openness.ts';
import type { RequestRate } from './access/rate.ts';

type Granted = Extract<LoginOutcome, { kind: 'granted' }>;
export type Hook = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;

export interface GuardParts {
  /** Undefined: nobody can log in, so what needs it is refused. */
  readonly login: Login | undefined;
  readonly openness: Openness;
  readonly rate: RequestRate;
  now(): number;
  count(counter: string): void;
}

/** Who may ask this over WAMP may see it here. */
const VIEWS = { metrics: 'bondy.telemetry.metrics', view: 'bondy.cluster.info' } as const;

const JSON_TYPE = /^application\/json\s*(;|$)/i;

export class Guard {
  readonly #parts: GuardParts;
  readonly #granted = new WeakMap<FastifyRequest, Granted>();

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /** What shows the node. */
  ofView(what: 'metrics' | 'view'): Hook {
    return (request, reply, done) =>
      isOpen(this.#parts.openness, what, request.socket.remoteAddress)
        ? done()
        : this.#enter(request, reply, () => this.#may(request, reply, VIEWS[what], done));
  }

  /** What changes the node; `procedure` must be granted. */
  ofOperation(procedure: string): Hook {
    return (request, reply, done) =>
      this.#enter(request, reply, () =>
        this.#may(request, reply, procedure, () => this.#json(request, reply, done)),
      );
  }

  /** What shows or changes realms, users and the like. */
  ofApi(): Hook {
    return (request, reply, done) =>
      this.#enter(request, reply, () => this.#json(request, reply, done));
  }

  /** Of a request that a hook of the API let through. */
  callerOf(request: FastifyRequest): Caller {
    const granted = this.#granted.get(request);
    if (!granted) throw new Error('a request of nobody');
    return granted.caller;
  }

  /** Is a view still open to whom it was opened? Asked as long as it is followed. */
  maySee(request: FastifyRequest): boolean {
    const granted = this.#granted.get(request);
    if (!granted) return true; // open to everybody
    return granted.mayStay() && this.#parts.login?.may(granted.caller, VIEWS.view) === true;
  }

  #enter(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const { login, rate, now, count } = this.#parts;
    const address = addressOf(request);
    if (!rate.take(address, now())) {
      count('admin_too_many_requests');
      void reply.header('retry-after', '1');
      return fail(reply, 429, 'too_many_requests', 'Too many requests: try again in a second.');
    }
    if (login === undefined) return this.#refuse(request, reply, 401, 'Nobody can log in here.');
    login.check(credentialsOf(request.headers.authorization), address, (outcome) => {
      if (outcome.kind === 'refused') {
        return this.#refuse(request, reply, outcome.status, outcome.message);
      }
      this.#granted.set(request, outcome);
      done();
    });
  }

  #may(request: FastifyRequest, reply: FastifyReply, procedure: string, done: () => void): void {
    if (this.#parts.login?.may(this.callerOf(request), procedure) === true) return done();
    this.#parts.count('admin_forbidden');
    fail(reply, 403, 'not_authorized', `This needs a grant of wamp.call on ${procedure}.`);
  }

  #refuse(
    { headers }: FastifyRequest,
    reply: FastifyReply,
    status: 401 | 403 | 503,
    message: string,
  ): void {
    if (status === 503) void reply.header('retry-after', '1');
    if (status !== 401) return fail(reply, status, CODES[status], message);
    this.#parts.count('admin_unauthorized');
    // A browser asks its user for the password when a page is opened, not whenever its script asks for something.
    const isScript = (headers['sec-fetch-mode'] ?? 'navigate') !== 'navigate';
    const challenge = isScript ? 'Bearer realm="bondy"' : 'Basic realm="bondy", charset="UTF-8"';
    void reply.header('www-authenticate', challenge);
    fail(reply, 401, 'unauthorized', message);
  }

  /** Not even an empty body may be what a form of a foreign page can send (Fetch standard, safelisted content types). */
  #json({ method, headers }: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const type = headers['content-type'];
    const isBodyless = method === 'GET' || method === 'HEAD' || (method !== 'POST' && !type);
    if (isBodyless || JSON_TYPE.test(type ?? '')) return done();
    this.#parts.count('admin_no_json');
    fail(reply, 415, 'no_json', 'Send a body of content-type application/json, {} if empty.');
  }
}

const CODES = { 403: 'not_authorized', 503: 'unavailable' } as const;

/** As sources are written: an IPv4 client of a socket for both is one of IPv4. */
function addressOf({ socket }: FastifyRequest): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}
