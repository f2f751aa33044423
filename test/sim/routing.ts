/** The router of one realm with what connects it to those of other nodes, as supervisors/far-routing.ts wires them. */
import type { RegistryInfo } from '../../actors/registry/api.ts';
import type { RegistryConfig } from '../../actors/registry/config.ts';
import type { RegistryActorMessage } from '../../actors/registry/registry.actor.ts';
import { registry } from '../../actors/registry/registry.actor.ts';
import { RegistryTables } from '../../actors/registry/tables.ts';
import { DEFAULT_RELAY_CONFIG } from '../../actors/relay/config.ts';
import type { RelayActorMessage } from '../../actors/relay/relay.actor.ts';
import { relay } from '../../actors/relay/relay.actor.ts';
import { RelaySender } from '../../actors/relay/sender.ts';
import type { RouterInput } from '../../actors/routing/api.ts';
import {
  DEFAULT_BROKER_CONFIG,
  DEFAULT_CLUSTER_ROUTING_CONFIG,
  DEFAULT_DEALER_CONFIG,
} from '../../actors/routing/config.ts';
import { router } from '../../actors/routing/router.actor.ts';
import { RealmTables } from '../../actors/routing/tables.ts';
import { openAuthorizer } from '../../actors/security/authorizer.ts';
import { HybridClock } from '../../runtime/causality/hlc.ts';
import type { Clock } from '../../runtime/kernel/actor.ts';
import { Mailbox } from '../../runtime/kernel/mailbox.ts';
import type { ChildSpec } from '../../runtime/kernel/supervision.ts';
import { worker } from '../../runtime/kernel/worker.ts';
import type { PeerInput, PeerNetwork, ServiceName } from '../../runtime/net/peer/port.ts';
import { codecs } from '../../runtime/wamp/codecs.ts';

export interface RoutingParts {
  readonly network: PeerNetwork;
  readonly config: RegistryConfig;
  readonly clock: Clock;
  readonly realm: string;
  /** At the end of the turn. */
  soon(run: () => void): void;
  count(what: string, by?: number): void;
}

export class Routing {
  readonly router = new Mailbox<RouterInput>();
  readonly #parts: RoutingParts;
  readonly #registry = new Mailbox<RegistryActorMessage>();
  readonly #relay = new Mailbox<RelayActorMessage>();

  constructor(parts: RoutingParts) {
    this.#parts = parts;
  }

  /** False: for another service. */
  receive(service: ServiceName, input: PeerInput): boolean {
    if (service === 'registry') this.#registry.admit(input);
    else if (service === 'relay') this.#relay.admit(input);
    else return false;
    return true;
  }

  ask(told: (info: RegistryInfo) => void): void {
    this.#registry.admit({ kind: 'info', reply: { reply: told } });
  }

  children(): readonly ChildSpec[] {
    const { network, config, realm, count } = this.#parts;
    const clock = new HybridClock(() => this.#parts.clock.wall());
    const log = (): void => {};
    const sender: RelaySender = new RelaySender({
      ...{ network, codecs, config: DEFAULT_RELAY_CONFIG, count, log },
      onHeld: () => this.#relay.admit({ kind: 'held' }),
      onGathered: () => this.#parts.soon(() => sender.leave()),
      giveBack: (_realm, refused) => this.router.admit(refused),
    });
    return [
      worker(
        'registry',
        registry({
          ...{ network, config, mailbox: this.#registry, count, log },
          tables: new RegistryTables(network.self, config.keptChanges),
          observe: (stamp) => void clock.observe(stamp),
        }),
      ),
      worker(
        'relay',
        relay({
          ...{ config: DEFAULT_RELAY_CONFIG, codecs, mailbox: this.#relay, sender, count, log },
          router: (name) => (name === realm ? this.router : undefined),
        }),
      ),
      worker(
        'router',
        router({
          ...{ mailbox: this.router, tables: new RealmTables(), uriRule: 'loose', codecs, count },
          ...{ dealer: DEFAULT_DEALER_CONFIG, broker: DEFAULT_BROKER_CONFIG },
          authorizer: openAuthorizer(true),
          cluster: {
            ...{ self: network.self, realm, config: DEFAULT_CLUSTER_ROUTING_CONFIG },
            ...{ registry: this.#registry, relay: sender, stamp: () => clock.now() },
          },
        }),
      ),
    ];
  }
}
