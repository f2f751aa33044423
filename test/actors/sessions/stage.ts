/**
 * Routing and sessions of a real tree on a stepper, with clients in this process: real bytes, real supervisors, and
 * a clock that moves when the test says so.
 */
import { SESSIONS } from '../../../actors/sessions/api.ts';
import { RealmDirectory } from '../../../actors/realms/api.ts';
import { authentication } from '../../../supervisors/authentication.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import type { Kernel } from '../../../runtime/kernel/kernel.ts';
import { Stepper } from '../../../runtime/kernel/stepper.ts';
import { SILENT } from '../../../runtime/log/logger.ts';
import { Metrics } from '../../../runtime/metrics/metrics.ts';
import type { Connection } from '../../../runtime/net/connection.ts';
import { createNetEnvironment } from '../../../runtime/net/environment.ts';
import type { InProcessClient } from '../../../runtime/net/in-process.ts';
import { inProcessPair } from '../../../runtime/net/in-process.ts';
import type { ConnectionLimits } from '../../../runtime/net/limits.ts';
import { Violation } from '../../../runtime/wamp/codec.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import type { Dict, Id, Message, Payload, Value } from '../../../runtime/wamp/message.ts';
import {
  CALL,
  EMPTY,
  HELLO,
  NO_PAYLOAD,
  PUBLISH,
  REGISTER,
  REGISTERED,
  SUBSCRIBE,
  SUBSCRIBED,
  WELCOME,
  YIELD,
} from '../../../runtime/wamp/message.ts';
import { loadNodeConfig } from '../../../supervisors/config.ts';
import { AuditTrail } from '../../../supervisors/audit-trail.ts';
import { Backups } from '../../../supervisors/backup/backups.ts';
import { memoryStore } from '../../../supervisors/node-store.ts';
import type { Parts } from '../../../supervisors/parts.ts';
import { configuredSecurity } from '../../../supervisors/security-parts.ts';
import { tickets } from '../../../supervisors/tickets.ts';
import { routing } from '../../../supervisors/routing.ts';
import { StoreCare } from '../../../supervisors/store-operations.ts';
import { sessions } from '../../../supervisors/sessions.ts';

export const ROLES: Dict = {
  roles: {
    publisher: {},
    subscriber: {},
    caller: { features: { progressive_call_results: true } },
    callee: { features: { progressive_call_results: true, call_canceling: true } },
  },
};

export class Stage {
  readonly stepper: Stepper;
  readonly kernel: Kernel;
  readonly directory = new RealmDirectory();
  readonly #metrics = new Metrics({ processMetrics: false });
  readonly #net = createNetEnvironment({
    codecs,
    count: (counter, by) => this.#metrics.counters.count(counter, by),
    log: () => {},
  });
  #tasks: (() => void)[] = [];

  /** `settings` are lines of bondy.conf as key and value; a seed makes an interleaving of its own. */
  constructor(settings: Readonly<Record<string, string>> = {}, seed?: number) {
    const { config, mistakes } = loadNodeConfig({
      file: undefined,
      environment: {},
      flags: Object.entries(settings).map(([key, value]) => `${key}=${value}`),
      workingDirectory: '.',
      files: { read: () => undefined },
    });
    if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));
    const own = memoryStore(config);
    const about = {
      config: () => config,
      version: 'test',
      kernel: () => this.kernel,
      own,
      cluster: undefined,
    };
    const security = configuredSecurity(config);
    const parts: Parts = {
      audit: new AuditTrail(config.audit, {
        ...{ node: 'test', isInCluster: false, log: SILENT },
        wall: () => 0,
        lost: () => undefined,
        count: () => {},
      }),
      backups: new Backups(about, () => {}),
      storeCare: new StoreCare(about),
      config: () => config,
      version: 'test',
      log: SILENT,
      metrics: this.#metrics,
      directory: this.directory,
      authenticator: authentication({
        config: () => config,
        directory: this.directory,
        clock: { now: () => this.kernel.clock.now(), wall: () => this.kernel.clock.wall() },
        policy: undefined,
        secret: new Uint8Array(32),
        count: (counter) => this.#metrics.counters.count(counter),
      }),
      net: this.#net,
      kernel: () => this.kernel,
      isReady: () => ({ ready: true, why: [] }),
      own,
      security,
      tickets: tickets({
        ...{ config: () => config, security, node: 'test', count: () => {} },
        clock: { now: () => this.kernel.clock.now(), wall: () => this.kernel.clock.wall() },
      }),
      cluster: undefined,
      onOut: () => {},
      onAdminListening: () => {},
    };
    this.stepper = new Stepper({ seed: seed ?? 1, interleaves: seed !== undefined });
    this.kernel = boot({
      root: {
        kind: 'supervisor',
        strategy: 'rest_for_one',
        intensity: { restarts: 5, periodMs: 60_000 },
        children: () => [routing(parts), sessions(parts)],
      },
      scheduler: this.stepper,
      log: { crash: () => {}, event: () => {} },
    });
    this.kernel.onTurnEnd(this.#net.flushes.flushAll);
    this.settle();
  }

  connect(limits: Partial<ConnectionLimits> = {}): Client {
    const { connection, client } = inProcessPair(codecs.msgpack, this.#net, {
      limits,
      defer: (task) => this.#tasks.push(task),
    });
    this.kernel.whereis(SESSIONS)?.cast({
      kind: 'start_child',
      argument: connection,
    });
    const here = new Client(this, client, connection);
    this.settle();
    return here;
  }

  join(limits: Partial<ConnectionLimits> = {}): Client {
    const client = this.connect(limits);
    client.send({ type: HELLO, realm: 'realm1', details: ROLES });
    this.settle();
    const [welcome] = client.take();
    if (welcome?.type !== WELCOME) throw new Error(`not welcome: ${JSON.stringify(welcome)}`);
    return client;
  }

  /** Runs until everybody rests, without moving the clock. */
  settle(): void {
    do {
      this.stepper.run();
      this.#net.flushes.flushAll();
      const tasks = this.#tasks;
      this.#tasks = [];
      for (const task of tasks) task();
    } while (this.stepper.step() || this.#tasks.length > 0);
  }

  /** Ms of virtual time, in steps that let bytes flow in between. */
  advance(ms: number): void {
    for (let left = ms; left > 0; left -= 100) {
      this.stepper.advance(Math.min(left, 100));
      this.settle();
    }
  }

  counter(name: string): number {
    return this.#metrics.counters.value(name);
  }
}

export class Client {
  readonly connection: Connection;
  readonly #stage: Stage;
  readonly #client: InProcessClient;
  #received: Message[] = [];
  #request = 0;
  isClosed = false;

  constructor(stage: Stage, client: InProcessClient, connection: Connection) {
    this.#stage = stage;
    this.#client = client;
    this.connection = connection;
    client.on({
      onMessage: (message) => {
        if (message instanceof Violation) throw new Error(message.detail);
        this.#received.push(message);
      },
      onClose: () => (this.isClosed = true),
    });
  }

  send(message: Message): void {
    this.#client.send(message);
  }

  sendBytes(bytes: Uint8Array): void {
    this.#client.sendBytes(bytes);
  }

  /** Several messages in one chunk, as a busy socket has them. */
  sendTogether(messages: readonly Message[]): void {
    this.#client.sendTogether(messages);
  }

  /** No more reading: what it is sent piles up. */
  pause(): void {
    this.#client.pause();
  }

  resume(): void {
    this.#client.resume();
  }

  disconnect(): void {
    this.#client.close();
  }

  /** Everything received since the last take. */
  take(): Message[] {
    return this.#received.splice(0);
  }

  types(): number[] {
    return this.take().map(({ type }) => type);
  }

  /** The next request id. */
  next(): Id {
    return ++this.#request;
  }

  call(procedure: string, args: readonly Value[] = [], options: Dict = EMPTY): Message {
    const payload = payloadOf(args);
    return { type: CALL, request: this.next(), options, procedure, payload };
  }

  publish(topic: string, args: readonly Value[] = [], options: Dict = EMPTY): Message {
    const payload = payloadOf(args);
    return { type: PUBLISH, request: this.next(), options, topic, payload };
  }

  subscribe(topic: string, options: Dict = EMPTY): Id {
    const answer = this.#ask({ type: SUBSCRIBE, request: this.next(), options, topic });
    if (answer?.type !== SUBSCRIBED) throw new Error(`refused: ${JSON.stringify(answer)}`);
    return answer.subscription;
  }

  register(procedure: string, options: Dict = EMPTY): Id {
    const answer = this.#ask({ type: REGISTER, request: this.next(), options, procedure });
    if (answer?.type !== REGISTERED) throw new Error(`refused: ${JSON.stringify(answer)}`);
    return answer.registration;
  }

  yield(request: Id, args: readonly Value[] = [], options: Dict = EMPTY): void {
    this.send({ type: YIELD, request, options, payload: payloadOf(args) });
  }

  #ask(message: Message): Message | undefined {
    this.send(message);
    this.#stage.settle();
    return this.take().at(-1);
  }
}

function payloadOf(args: readonly Value[]): Payload {
  return args.length === 0 ? NO_PAYLOAD : codecs.msgpack.payload(args);
}
