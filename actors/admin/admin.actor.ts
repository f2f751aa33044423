/**
 * The admin server: probes, metrics, the tree as JSON, as a stream and as a web page, and the API of realms and users
 * (rest-routes.ts). Loopback by default, and guarded against web pages of strangers (operator-http.ts). What changes the
 * node itself is in operator-routes.ts; who sees and does what, guard.ts decides.
 */
import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context, Definition, Handlers, TimerId } from '../../runtime/kernel/actor.ts';
import type { Kernel, KernelLog } from '../../runtime/kernel/kernel.ts';
import type { Metrics } from '../../runtime/metrics/metrics.ts';
import { fail, withJsonBodies } from '../../runtime/net/operator-http.ts';
import type { Operation } from '../management/api.ts';
import { Login, type LoginPorts } from './access/login.ts';
import { RequestRate } from './access/rate.ts';
import { ADMIN, type AdminMessage, type AdminSection, type Readiness } from './api.ts';
import { askManagement } from './asking.ts';
import type { ClusterStatus, EnabledCluster } from './cluster-status.ts';
import type { AdminConfig } from './config.ts';
import { EventStreams, type EventSink, type Scene } from './event-streams.ts';
import { Guard } from './guard.ts';
import type { OperationOutcome, Operator } from './operations.ts';
import { addOperatorRoutes } from './operator-routes.ts';
import { PAGE_FILES } from './page-files.ts';
import { AdminPorts } from './ports.ts';
import { addRestRoutes } from './rest-routes.ts';
import { MAX_DEPTH, type TreeQuestion } from './tree-exchange.ts';
import { cutAt } from './tree-feed.ts';

export interface AdminDeps {
  /** The running kernel; a function, because the tree that holds this actor is built before it. */
  readonly kernel: () => Kernel;
  readonly metrics: Metrics;
  readonly isReady: () => Readiness;
  /** Undefined: this node is alone and has none. */
  readonly store?: (() => object) | undefined;
  /** Undefined: this node is alone. Never rejects. */
  readonly cluster?: (() => Promise<EnabledCluster>) | undefined;
  /** The tree of another node. Undefined: this node is alone. */
  readonly treeOf?:
    | ((node: string, question: TreeQuestion, answer: (outcome: OperationOutcome) => void) => void)
    | undefined;
  /** Undefined: nothing can be asked of this node. */
  readonly operator?: Operator | undefined;
  /** How requests are known to be of somebody. Undefined: of nobody. */
  readonly login?: Omit<LoginPorts, 'later'> | undefined;
  /** Of the admin API, to be served as REST. Undefined: it is not on this node. */
  readonly operations?: readonly Operation[] | undefined;
  readonly nodeName: string;
  readonly version: string;
  readonly log: KernelLog['event'];
  /** Called with the port that was really taken. */
  readonly onListening?: (section: AdminSection, port: number) => void;
}

interface TreeQuery {
  readonly depth?: number;
  readonly children?: number;
  /** Of the cluster; without it this one. */
  readonly node?: string;
}

/** A tick that took a millisecond is followed by this many without one: looking costs some 4 % of a core. */
const REST_FACTOR = 25;

/** Passwords that were right a short while ago, some 300 bytes each. */
const MAX_KNOWN_LOGINS = 1_000;

/** The page takes five seconds of silence for a dead connection. */
const MAX_REST_MS = 3_000;

export function admin(config: AdminConfig, deps: AdminDeps): Definition<AdminMessage> {
  return {
    class: 'control',
    startsLater: true,
    mailbox: { limit: 1_000, onFull: 'refuse' },
    init: (context) => new Admin(config, deps, context),
  };
}

class Admin implements Handlers<AdminMessage> {
  readonly #config: AdminConfig;
  readonly #deps: AdminDeps;
  readonly #context: Context<AdminMessage>;
  readonly #ports: AdminPorts;
  readonly #streams: EventStreams;
  #tick: TimerId | undefined;
  #isChangePending = false;
  #isWatching = false;
  /** Least time to the next tick: large trees are reported less often. */
  #restMs = 0;

  constructor(config: AdminConfig, deps: AdminDeps, context: Context<AdminMessage>) {
    this.#config = config;
    this.#deps = deps;
    this.#context = context;
    this.#streams = new EventStreams(config);
    context.register(ADMIN);
    const guard = this.#guard();
    const { metrics, log } = deps;
    this.#ports = new AdminPorts({
      ...{ config, context, metrics, log },
      addRoutes: (app) => this.#addRoutes(app, guard),
    });
  }

  handle(message: AdminMessage): void {
    switch (message.kind) {
      case 'listening':
        this.#deps.onListening?.(message.section, message.port);
        return this.#ports.onListening(message.section);
      case 'failed':
        return this.#ports.onFailed(message.section, message.error);
      case 'reload':
        return this.#ports.reload(message.https);
      case 'stream_opened':
        return this.#onStreamOpened(message.sink, message.childLimit);
      case 'stream_closed':
        return this.#streams.remove(message.sink);
      case 'tree_changed':
        return this.#schedule(this.#config.changeDelayMs);
      case 'tick':
        return this.#onTick();
      case 'resume':
        return message.task();
      default:
        return message satisfies never;
    }
  }

  #onStreamOpened(sink: EventSink, childLimit: number): void {
    if (!this.#streams.add(sink, childLimit)) {
      this.#deps.metrics.counters.count('admin_streams_refused');
      return sink.close();
    }
    this.#watch();
    this.#schedule(0);
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#context.own({ close: this.#deps.kernel().watch(() => this.#onTreeChange()) });
  }

  /** Runs in somebody else's turn, perhaps thousands of times a second: one message until the next tick. */
  #onTreeChange(): void {
    if (this.#isChangePending || this.#streams.size === 0) return;
    this.#isChangePending = this.#context.self.cast({ kind: 'tree_changed' }) === 'accepted';
  }

  #schedule(delayMs: number): void {
    if (this.#tick !== undefined) this.#context.cancel(this.#tick);
    this.#tick = this.#context.after(Math.max(delayMs, this.#restMs), { kind: 'tick' });
  }

  #onTick(): void {
    this.#tick = undefined;
    this.#isChangePending = false;
    if (this.#streams.size === 0) return;
    const { clock } = this.#context;
    const startedAt = clock.now();
    const { counters } = this.#deps.metrics;
    counters.count('admin_streams_ended', this.#streams.endClosed());
    const cut = this.#streams.tick(this.#scene());
    if (cut > 0) counters.count('admin_streams_cut', cut);
    const tookMs = clock.now() - startedAt;
    this.#restMs = Math.min(tookMs * REST_FACTOR, MAX_REST_MS);
    this.#schedule(this.#config.tickMs);
  }

  #scene(): Scene {
    const kernel = this.#deps.kernel();
    const { nodeName: name, version } = this.#deps;
    return {
      tree: (childLimit) => kernel.tree({ childLimit }),
      crashes: () => kernel.crashes(),
      node: { name, version, ...this.#deps.isReady(), at: kernel.clock.wall() },
    };
  }

  #addRoutes(app: FastifyInstance, guard: Guard): void {
    const { metrics, operator, operations, version } = this.#deps;
    const { counters } = metrics;
    app.all('/ping', { exposeHeadRoute: false }, (_request, reply) => reply.code(204).send());
    app.get('/ready', (_request, reply) => this.#answerReady(reply));
    guarded(app, guard, 'metrics', (scope) =>
      scope.get('/metrics', async (_request, reply) =>
        reply.type(metrics.contentType).send(await metrics.text()),
      ),
    );
    guarded(app, guard, 'view', (scope) => this.#addViews(scope, guard));
    const count = (counter: string): void => counters.count(counter);
    if (operator !== undefined) {
      withJsonBodies(app, (scope) => addOperatorRoutes(scope, { operator, guard, count }));
    }
    if (operations === undefined) return;
    addRestRoutes(app, {
      operations,
      version,
      guard,
      maxBodyBytes: this.#config.maxBodyBytes,
      call: (call, done) => askManagement(this.#context, call, done),
      count,
    });
  }

  #guard(): Guard {
    const { login: ports, metrics } = this.#deps;
    const { self, clock } = this.#context;
    const { openness, maxRate, rememberLoginMs } = this.#config;
    const later = (task: () => void): boolean => self.cast({ kind: 'resume', task }) === 'accepted';
    const known = { forMs: rememberLoginMs, maxEntries: MAX_KNOWN_LOGINS };
    return new Guard({
      login: ports && new Login({ ...ports, later }, known),
      openness,
      rate: new RequestRate(maxRate),
      now: () => clock.now(),
      count: (counter) => metrics.counters.count(counter),
    });
  }

  #addViews(app: FastifyInstance, guard: Guard): void {
    const { kernel } = this.#deps;
    app.get<{ Querystring: TreeQuery }>(
      '/tree',
      { schema: { querystring: this.#treeQuery() } },
      ({ query }, reply) => this.#answerTree(query, reply),
    );
    app.get<{ Querystring: TreeQuery }>(
      '/tree/events',
      { schema: { querystring: this.#treeQuery() }, exposeHeadRoute: false },
      (request, reply) => this.#openStream(request, reply, () => guard.maySee(request)),
    );
    app.get('/store', (_request, reply) => this.#answerStore(reply));
    app.get('/cluster', async (_request, reply) => reply.send(await this.#cluster()));
    app.get('/crashes', (_request, reply) => reply.send(kernel().crashes()));
    for (const { path, file, type } of PAGE_FILES) {
      const bytes = readFileSync(new URL(`./page/${file}`, import.meta.url));
      app.get(path, (_request, reply) => reply.type(type).send(bytes));
    }
  }

  #answerTree({ node, depth = MAX_DEPTH, children }: TreeQuery, reply: FastifyReply): void {
    const { nodeName, kernel, treeOf } = this.#deps;
    const childLimit = children ?? this.#config.childLimit;
    if (node === undefined || node === nodeName) {
      return void reply.send(cutAt(depth, kernel().tree({ childLimit })));
    }
    if (treeOf === undefined) {
      const message = `this node, ${nodeName}, is alone (cluster.enabled = off): it knows no ${node}`;
      return fail(reply, 404, 'no_cluster', message);
    }
    treeOf(node, { depth, childLimit }, (outcome) => {
      if (outcome.kind === 'done') return void reply.send(outcome.report);
      fail(reply, outcome.status, outcome.error, outcome.message);
    });
  }

  #treeQuery(): object {
    const whole = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum });
    return {
      type: 'object',
      properties: {
        depth: whole(1, MAX_DEPTH),
        children: whole(0, this.#config.maxChildLimit),
        node: { type: 'string', minLength: 1, maxLength: 255 },
      },
    };
  }

  #answerReady(reply: FastifyReply): FastifyReply {
    const { ready, why } = this.#deps.isReady();
    return ready ? reply.code(204).send() : reply.code(503).send({ ready, why });
  }

  #answerStore(reply: FastifyReply): FastifyReply | void {
    const { store } = this.#deps;
    if (store !== undefined) return reply.send(store());
    return fail(reply, 404, 'no_store', 'this node is alone (cluster.enabled = off)');
  }

  async #cluster(): Promise<ClusterStatus> {
    const { cluster, nodeName } = this.#deps;
    return cluster === undefined ? { enabled: false, node: { name: nodeName } } : cluster();
  }

  #openStream(
    request: FastifyRequest<{ Querystring: TreeQuery }>,
    reply: FastifyReply,
    isOpen: () => boolean,
  ): void {
    if (this.#streams.size >= this.#config.maxStreams) {
      this.#deps.metrics.counters.count('admin_streams_refused');
      void reply.header('retry-after', '5');
      return fail(reply, 503, 'too_many_streams', 'too many followers of the tree: close some');
    }
    const { self } = this.#context;
    const sink = openSink(reply, isOpen);
    reply.raw.once('close', () => self.cast({ kind: 'stream_closed', sink }));
    const childLimit = request.query.children ?? this.#config.childLimit;
    if (self.cast({ kind: 'stream_opened', sink, childLimit }) !== 'accepted') sink.close();
  }
}

function guarded(
  app: FastifyInstance,
  guard: Guard,
  what: 'metrics' | 'view',
  add: (scope: FastifyInstance) => void,
): void {
  app.register((scope, _options, done) => {
    scope.addHook('onRequest', guard.ofView(what));
    add(scope);
    done();
  });
}

function openSink(reply: FastifyReply, isOpen: () => boolean): EventSink {
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  raw.flushHeaders();
  return {
    write: (text) => void raw.write(text),
    get backlog() {
      return raw.writableLength;
    },
    get isOpen() {
      return isOpen();
    },
    close: () => void raw.destroy(),
  };
}
