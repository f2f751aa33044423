/**
 * Discovery: from names in the configuration or in DNS to addresses to join. Asks each source in turn, remembers its last
 * good answer, backs off while it fails, and lets go of addresses that are no longer named. Dialling itself, with its own
 * back-off, is the links' business: an address is handed over and withdrawn. Optionally removes members that are
 * dead and no longer named, as when a deployment shrinks.
 */
import type { PeerAddress } from '../links/api.ts';
import type { DiscoveryConfig, DiscoverySource } from './discovery-config.ts';
import type { Member } from './member.ts';
import { addressText, isMember } from './member.ts';

export interface DiscoveryPort {
  /** Answered by `resolved` with the same ticket, or not at all. */
  resolve(source: DiscoverySource, ticket: number): void;
  /** `isNew`: it was not being dialled until now. */
  join(address: PeerAddress, isNew: boolean): void;
  forget(address: PeerAddress): void;
  remove(name: string): void;
  isOwn(address: PeerAddress): boolean;
  members(): Iterable<Member>;
  /** Addresses that lead to a node we have a link to, whatever that node calls itself. */
  linked(): Iterable<PeerAddress>;
  count(what: 'discovery_failed' | 'discovery_late' | 'discovery_truncated'): void;
}

export type Resolution =
  | { readonly kind: 'found'; readonly addresses: readonly PeerAddress[] }
  | { readonly kind: 'failed'; readonly reason: string };

interface Asking {
  readonly source: DiscoverySource;
  found: readonly PeerAddress[] | undefined;
  ticket: number | undefined;
  nextAt: number;
  deadline: number;
  failures: number;
}

export class Discovery {
  readonly #config: DiscoveryConfig;
  readonly #port: DiscoveryPort;
  readonly #askings: Asking[];
  /** Handed over to be dialled. */
  readonly #joining = new Map<string, PeerAddress>();
  /** Every address ever named, and since when it is not: undefined while it is. */
  readonly #absentSince = new Map<string, number | undefined>();
  #ticket = 0;

  constructor(config: DiscoveryConfig, now: number, port: DiscoveryPort) {
    this.#config = config;
    this.#port = port;
    this.#askings = config.sources.map((source) => ({
      source,
      found: undefined,
      ticket: undefined,
      nextAt: now + config.initialDelayMs,
      deadline: 0,
      failures: 0,
    }));
  }

  /** Addresses named now. */
  get named(): readonly PeerAddress[] {
    const all = this.#askings.flatMap(({ found }) => found ?? []);
    return [...new Map(all.map((address) => [addressText(address), address])).values()];
  }

  tick(now: number): void {
    for (const asking of this.#askings) {
      if (asking.ticket !== undefined && now >= asking.deadline) this.#onFailure(asking, now);
      if (asking.ticket !== undefined || now < asking.nextAt) continue;
      asking.ticket = ++this.#ticket;
      asking.deadline = now + this.#config.timeoutMs;
      this.#port.resolve(asking.source, asking.ticket);
    }
  }

  resolved(ticket: number, resolution: Resolution, now: number): void {
    const asking = this.#askings.find((one) => one.ticket === ticket);
    if (asking === undefined) return this.#port.count('discovery_late');
    if (resolution.kind === 'failed') return this.#onFailure(asking, now);
    asking.ticket = undefined;
    asking.failures = 0;
    asking.nextAt = now + this.#config.pollMs;
    const { addresses } = resolution;
    if (addresses.length > this.#config.maxAddresses) this.#port.count('discovery_truncated');
    asking.found = addresses.slice(0, this.#config.maxAddresses);
    this.#follow(now);
  }

  #onFailure(asking: Asking, now: number): void {
    this.#port.count('discovery_failed');
    asking.ticket = undefined;
    const { pollMs, maxBackOffMs } = this.#config;
    asking.nextAt = now + Math.min(maxBackOffMs, pollMs * 2 ** asking.failures);
    asking.failures = Math.min(asking.failures + 1, 30);
  }

  /** What is named, against what is being dialled and who is a member. */
  #follow(now: number): void {
    const named = new Map(this.named.map((address) => [addressText(address), address]));
    this.#remember(named, now);
    const known = new Set([...this.#port.linked()].map(addressText));
    for (const member of this.#port.members()) {
      if (isMember(member)) for (const address of member.addresses) known.add(addressText(address));
    }
    for (const [key, address] of this.#joining) {
      if (named.has(key) && !known.has(key)) continue;
      this.#joining.delete(key);
      this.#port.forget(address);
    }
    if (this.#config.automaticJoin) {
      for (const [key, address] of named) {
        if (known.has(key) || this.#port.isOwn(address)) continue;
        // Each time: it changes nothing for links that dial it already, and a restarted membership hears of it.
        this.#port.join(address, !this.#joining.has(key));
        this.#joining.set(key, address);
      }
    }
    if (this.#config.automaticLeave && this.#areAllAnswering()) this.#removeAbsent(now);
  }

  #remember(named: ReadonlyMap<string, PeerAddress>, now: number): void {
    for (const key of named.keys()) this.#absentSince.set(key, undefined);
    for (const [key, since] of this.#absentSince) {
      if (since === undefined && !named.has(key)) this.#absentSince.set(key, now);
      // Bounded: what is gone for a day is no longer told from what was never named.
      if (since !== undefined && now - since > DAY_MS) this.#absentSince.delete(key);
    }
  }

  #areAllAnswering(): boolean {
    return this.#askings.every(({ found, failures }) => (found?.length ?? 0) > 0 && failures === 0);
  }

  /** Only members that discovery itself has named before: others came by other ways. */
  #removeAbsent(now: number): void {
    for (const member of this.#port.members()) {
      if (!isMember(member) || member.health !== 'dead' || member.addresses.length === 0) continue;
      const isGone = member.addresses.every((address) => {
        const since = this.#absentSince.get(addressText(address));
        return since !== undefined && now - since >= this.#config.leaveAfterMs;
      });
      if (isGone) this.#port.remove(member.name);
    }
  }
}

const DAY_MS = 24 * 60 * 60 * 1000;
