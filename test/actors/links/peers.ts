/** Nodes that have links and nothing else, several in one process, on loopback sockets. */
import type { TestContext } from 'node:test';
import type {
  LinkInfo,
  LinkListenerMessage,
  LinksMessage,
  PeerAddress,
} from '../../../actors/links/api.ts';
import { LINK_LISTENER, LINKS, peerService } from '../../../actors/links/api.ts';
import type { LinksConfig } from '../../../actors/links/config.ts';
import { DEFAULT_LINKS } from '../../../actors/links/config.ts';
import { DialBoard } from '../../../actors/links/dial-board.ts';
import type { Delivery } from '../../../runtime/kernel/actor.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import type { Kernel } from '../../../runtime/kernel/kernel.ts';
import { NactScheduler } from '../../../runtime/kernel/nact-scheduler.ts';
import type { ChildSpec } from '../../../runtime/kernel/supervision.ts';
import { BufferPool } from '../../../runtime/net/buffer-pool.ts';
import { FlushList } from '../../../runtime/net/flush-list.ts';
import { Gate } from '../../../runtime/net/peer/gate.ts';
import type { PeerTls } from '../../../runtime/net/peer/gate.ts';
import type { PeerInput, ServiceName } from '../../../runtime/net/peer/port.ts';
import type { VersionRange } from '../../../runtime/net/peer/protocol.ts';
import { PeerSwitch } from '../../../runtime/net/peer/switch.ts';
import { links } from '../../../supervisors/links.ts';

export const SECRET = 'correct horse battery staple';

/** Waits short enough for tests; everything else as shipped. */
export const QUICK: LinksConfig = {
  ...DEFAULT_LINKS,
  enabled: true,
  port: 0,
  secret: SECRET,
  redialMinMs: 20,
  redialMaxMs: 100,
  resendMinMs: 50,
};

export interface Heard {
  readonly service: ServiceName;
  readonly input: PeerInput;
}

export interface PeerOptions {
  readonly name: string;
  readonly incarnation?: number;
  readonly instance?: string;
  readonly config?: Partial<LinksConfig>;
  readonly tls?: PeerTls;
  readonly versions?: VersionRange;
  /** Further children of the root, after the links. */
  readonly children?: (peer: Pick<Peer, 'network'>) => readonly ChildSpec[];
  /** Services of its own. */
  readonly without?: readonly ServiceName[];
}

const TIMEOUT_MS = 8_000;

export class Peer {
  readonly network: PeerSwitch;
  readonly board = new DialBoard();
  readonly kernel: Kernel;
  readonly heard: Heard[] = [];
  readonly counts = new Map<string, number>();
  readonly logged: { readonly event: string; readonly fields: Record<string, unknown> }[] = [];
  address: PeerAddress = { host: '127.0.0.1', port: 0 };
  /** What the services' mailboxes say to a delivery. */
  delivery: Delivery = 'accepted';
  readonly #hearings = new Map<ServiceName, number>();
  readonly #waiters = new Set<() => void>();

  constructor(options: PeerOptions) {
    const { name, incarnation = 1, tls, versions } = options;
    const config = { ...QUICK, ...options.config };
    const scheduler = new NactScheduler({
      onFault: (error) => this.#log('scheduler_fault', { error }),
    });
    const flushes = new FlushList();
    const count = (counter: string, by = 1): void => {
      this.counts.set(counter, (this.counts.get(counter) ?? 0) + by);
      this.#changed();
    };
    const log = (_level: string, event: string, fields: Record<string, unknown>): void =>
      this.#log(event, fields);
    this.network = new PeerSwitch({
      self: { name, incarnation },
      settings: config,
      clock: scheduler.clock,
      pool: new BufferPool(),
      flushes,
      resolve: (service) => {
        const actor = this.kernel.whereis(peerService(service));
        if (actor !== undefined) return actor;
        if (options.without?.includes(service)) return undefined;
        return { cast: (input) => this.#hear(service, input) };
      },
      count,
      log,
    });
    const gate = new Gate(
      {
        cluster: config.cluster,
        instance: options.instance ?? `${name}.${incarnation}`,
        secret: config.secret,
        tls,
        settings: config,
        handshakeTimeoutMs: config.handshakeTimeoutMs,
        maxPending: config.maxPendingHandshakes,
        maxPendingPerAddress: config.maxPendingPerAddress,
        ...(versions && { versions }),
      },
      { network: this.network, clock: scheduler.clock, count, log },
    );
    this.kernel = boot({
      root: {
        kind: 'supervisor',
        strategy: 'rest_for_one',
        children: () => [
          links({ config, network: this.network, gate, board: this.board, count }),
          ...(options.children?.(this) ?? []),
        ],
      },
      scheduler,
      log: { crash: (report) => this.#log('crash', { ...report }), event: log },
    });
    this.kernel.onTurnEnd(flushes.flushAll);
  }

  get name(): string {
    return this.network.self.name;
  }

  count(counter: string): number {
    return this.counts.get(counter) ?? 0;
  }

  /** Null: whoever is there. */
  connectTo(other: Pick<Peer, 'address' | 'name'>, name: string | null = other.name): void {
    const message = { kind: 'connect', address: other.address } as const;
    this.kernel.whereis(LINKS)!.cast(name === null ? message : { ...message, name });
  }

  async info(): Promise<readonly LinkInfo[]> {
    const asked = this.kernel.whereis(LINKS)!;
    const outcome = await this.kernel.call<LinksMessage, readonly LinkInfo[]>(
      asked,
      (reply) => ({ kind: 'info', reply }),
      1000,
    );
    if (outcome.kind !== 'reply') throw new Error(outcome.kind);
    return outcome.value;
  }

  /** How much one service has heard. */
  hearings(service: ServiceName): number {
    return this.#hearings.get(service) ?? 0;
  }

  /** What was heard by one service, as words: `up b#1`, `down b#1`, `b: hello`. */
  words(service: ServiceName): readonly string[] {
    return this.heard.filter((each) => each.service === service).map(({ input }) => word(input));
  }

  /** Resolves when the claim holds; it is looked at whenever something was counted, logged or heard. */
  until(what: string, claim: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!claim()) return;
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(look);
        const state = JSON.stringify([...this.counts]);
        reject(new Error(`${this.name}: not ${what} within ${TIMEOUT_MS} ms; ${state}`));
      }, TIMEOUT_MS);
      this.#waiters.add(look);
      look();
    });
  }

  untilLinked(other: Peer): Promise<void> {
    return this.until(`linked to ${other.name}`, () => this.network.isConnected(other.name));
  }

  untilUnlinked(other: Peer): Promise<void> {
    return this.until(`unlinked from ${other.name}`, () => !this.network.isConnected(other.name));
  }

  #hear(service: ServiceName, input: PeerInput): Delivery {
    if (this.delivery !== 'accepted') return this.delivery;
    this.heard.push({ service, input });
    this.#hearings.set(service, this.hearings(service) + 1);
    this.#changed();
    return 'accepted';
  }

  #log(event: string, fields: Record<string, unknown>): void {
    this.logged.push({ event, fields });
    this.#changed();
  }

  #changed(): void {
    for (const look of this.#waiters) look();
  }
}

export async function startPeer(
  t: Pick<TestContext, 'after'>,
  options: PeerOptions,
): Promise<Peer> {
  const peer = new Peer(options);
  t.after(() => peer.kernel.stop());
  await peer.kernel.started;
  const outcome = await peer.kernel.call<LinkListenerMessage, PeerAddress>(
    peer.kernel.whereis(LINK_LISTENER)!,
    (reply) => ({ kind: 'address', reply }),
    1000,
  );
  if (outcome.kind !== 'reply') throw new Error(outcome.kind);
  peer.address = outcome.value;
  return peer;
}

/** Two nodes and the link that the first has dialled. */
export async function pair(
  t: TestContext,
  first: Partial<PeerOptions> = {},
  second: Partial<PeerOptions> = {},
): Promise<readonly [Peer, Peer]> {
  const a = await startPeer(t, { name: 'a', ...first });
  const b = await startPeer(t, { name: 'b', ...second });
  a.connectTo(b);
  await Promise.all([a.untilLinked(b), b.untilLinked(a)]);
  return [a, b];
}

export function text(words: string): Uint8Array {
  return new TextEncoder().encode(words);
}

function word(input: PeerInput): string {
  switch (input.kind) {
    case 'peer_message':
      return `${input.from.name}: ${new TextDecoder().decode(input.body)}`;
    case 'link_up':
      return `up ${input.peer.name}#${input.peer.incarnation}`;
    case 'link_down':
      return `down ${input.peer.name}#${input.peer.incarnation}`;
  }
}
