/**
 * The agent of discovery: asks DNS (or returns the list it was given), asks the links whom they reach, and tells membership
 * whom to join and whom to forget.
 */
import { Resolver } from 'node:dns/promises';
import type { CallOutcome, Context, Definition, Handlers } from '../../runtime/kernel/actor.ts';
import { LINKS } from '../links/api.ts';
import type { LinkInfo, LinksMessage, PeerAddress } from '../links/api.ts';
import type { MembershipMessage, View } from './api.ts';
import { DISCOVERY, MEMBERSHIP } from './api.ts';
import type { DiscoveryMessage } from './api.ts';
import type { DiscoveryCounter } from './counters.ts';
import type { DiscoveryConfig, DiscoverySource } from './discovery-config.ts';
import { questionOf } from './discovery-config.ts';
import type { Resolution } from './discovery.ts';
import { Discovery } from './discovery.ts';
import { addressText } from './member.ts';

/** Where names lead. Rejects when it cannot say; a name without records leads nowhere. */
export interface NameResolver {
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
  resolveSrv(name: string): Promise<{ readonly name: string; readonly port: number }[]>;
}

export interface DiscoveryDependencies {
  readonly config: DiscoveryConfig;
  readonly view: View;
  /** The addresses of this node: not to be joined. */
  own(): readonly PeerAddress[];
  readonly resolver: NameResolver;
  count(what: DiscoveryCounter): void;
  log(level: 'info' | 'warn', event: string, fields: Record<string, unknown>): void;
}

type Own =
  | { readonly kind: 'tick' }
  | { readonly kind: 'resolved'; readonly ticket: number; readonly resolution: Resolution }
  | { readonly kind: 'links'; readonly outcome: CallOutcome<readonly LinkInfo[]> };

const TICK_MS = 500;
const LINKS_EVERY_MS = 5_000;
const LINKS_TIMEOUT_MS = 2_000;

/** The resolver of the system's name servers, with one try per server within the timeout. */
export function dnsResolver(timeoutMs: number): Resolver & NameResolver {
  return new Resolver({ timeout: timeoutMs, tries: 1 });
}

export function discovery(dependencies: DiscoveryDependencies): Definition<DiscoveryMessage | Own> {
  return { class: 'control', init: (context) => new DiscoveryActor(dependencies, context) };
}

class DiscoveryActor implements Handlers<DiscoveryMessage | Own> {
  readonly #d: DiscoveryDependencies;
  readonly #context: Context<DiscoveryMessage | Own>;
  readonly #machine: Discovery;
  #linked: readonly PeerAddress[] = [];
  #nextLinksAt = 0;

  constructor(dependencies: DiscoveryDependencies, context: Context<DiscoveryMessage | Own>) {
    this.#d = dependencies;
    this.#context = context;
    context.register(DISCOVERY);
    const own = new Set(dependencies.own().map(addressText));
    this.#machine = new Discovery(dependencies.config, context.clock.now(), {
      resolve: (source, ticket) => this.#resolve(source, ticket),
      join: (address, isNew) => {
        if (isNew) dependencies.log('info', 'discovery_join', { address: addressText(address) });
        this.#tell({ kind: 'join', address });
      },
      forget: (address) => this.#tell({ kind: 'forget', address }),
      remove: (name) => {
        dependencies.log('warn', 'discovery_remove', { node: name });
        this.#tell({ kind: 'remove', name });
      },
      isOwn: (address) => own.has(addressText(address)),
      members: () => dependencies.view.members(),
      linked: () => this.#linked,
      count: (what) => dependencies.count(what),
    });
    this.#tick();
  }

  handle(message: DiscoveryMessage | Own): void {
    switch (message.kind) {
      case 'tick':
        return this.#tick();
      case 'resolved':
        if (message.resolution.kind === 'failed') {
          this.#d.log('warn', 'discovery_failed', { reason: message.resolution.reason });
        }
        return this.#machine.resolved(
          message.ticket,
          message.resolution,
          this.#context.clock.now(),
        );
      case 'links':
        return this.#onLinks(message.outcome);
      case 'named':
        return message.reply.reply(this.#machine.named);
      default:
        message satisfies never;
    }
  }

  #tick(): void {
    const now = this.#context.clock.now();
    this.#machine.tick(now);
    if (now >= this.#nextLinksAt) {
      this.#nextLinksAt = now + LINKS_EVERY_MS;
      this.#askLinks();
    }
    this.#context.after(TICK_MS, { kind: 'tick' });
  }

  #askLinks(): void {
    const links = this.#context.whereis(LINKS);
    if (links === undefined) return;
    this.#context.call(
      links,
      (reply): LinksMessage => ({ kind: 'info', reply }),
      LINKS_TIMEOUT_MS,
      (outcome: CallOutcome<readonly LinkInfo[]>) => ({ kind: 'links', outcome }),
    );
  }

  #onLinks(outcome: CallOutcome<readonly LinkInfo[]>): void {
    if (outcome.kind !== 'reply') return; // asked again soon
    this.#linked = outcome.value.filter(({ state }) => state === 'up').map((link) => link.address);
  }

  #tell(message: MembershipMessage): void {
    const delivery = this.#context.whereis(MEMBERSHIP)?.cast(message);
    if (delivery !== 'accepted') this.#d.count('discovery_unheard');
  }

  #resolve(source: DiscoverySource, ticket: number): void {
    const self = this.#context.self;
    addressesOf(source, this.#d.resolver).then(
      (addresses) =>
        self.cast({ kind: 'resolved', ticket, resolution: { kind: 'found', addresses } }),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        self.cast({ kind: 'resolved', ticket, resolution: { kind: 'failed', reason } });
      },
    );
  }
}

async function addressesOf(
  source: DiscoverySource,
  resolver: NameResolver,
): Promise<readonly PeerAddress[]> {
  if (source.kind === 'static') return source.addresses;
  const { name, record, port } = questionOf(source)!;
  if (record === 'srv') {
    const records = await resolver.resolveSrv(name);
    return sorted(records.map((found) => ({ host: found.name, port: found.port })));
  }
  const hosts = await (record === 'a' ? resolver.resolve4(name) : resolver.resolve6(name));
  return sorted(hosts.map((host) => ({ host, port })));
}

/** So that the same answer in another order is the same, and a cut takes the same ones on every node. */
function sorted(addresses: readonly PeerAddress[]): readonly PeerAddress[] {
  return [...addresses].sort((a, b) => (addressText(a) < addressText(b) ? -1 : 1));
}
