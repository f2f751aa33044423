/**
 * The network between the nodes of a world: messages with delay, in order per link; cuts, after which acknowledged
 * messages come again; lives that end and begin.
 */
import type { NodeId } from '../../../runtime/causality/identity.ts';
import type {
  ChannelName,
  PeerDelivery,
  PeerInput,
  PeerNetwork,
  SendOptions,
  ServiceName,
} from '../../../runtime/net/peer/port.ts';
import type { World } from '../../sim/world.ts';

export interface Wire {
  /** Ms a message takes. */
  delay(): number;
  /** Chance that a broadcast does not arrive. */
  loss: number;
}

interface Flight {
  readonly channel: ChannelName;
  readonly service: ServiceName;
  readonly body: Uint8Array;
  readonly isAcknowledged: boolean;
}

/** One direction of one pair. */
interface Lines {
  lastAt: number;
  /** Sent and not arrived. */
  flying: Set<Flight>;
  isUp: boolean;
  /** Refuses as a channel that is full. */
  isFull: boolean;
}

export interface Station {
  readonly id: NodeId;
  isAlive: boolean;
  receive(service: ServiceName, input: PeerInput): void;
}

export class Network {
  readonly #world: World;
  readonly wire: Wire;
  readonly #stations = new Map<string, Station>();
  readonly #lines = new Map<string, Lines>();
  /** Messages and bytes by channel and kind of traffic. */
  readonly sent = new Map<string, number>();

  constructor(world: World, wire: Wire) {
    this.#world = world;
    this.wire = wire;
  }

  of(station: Station): PeerNetwork {
    this.#stations.set(station.id.name, station);
    const self = station.id;
    return {
      self,
      send: (to, channel, service, body, options) =>
        this.#send(station, to, { channel, service, body, options: options ?? {} }),
      isConnected: (name) => this.#line(self.name, name).isUp,
      connected: () =>
        [...this.#stations.values()]
          .filter(({ id }) => id.name !== self.name && this.#line(self.name, id.name).isUp)
          .map(({ id }) => id),
    };
  }

  connect(a: string, b: string): void {
    const [one, two] = [this.#stations.get(a)!, this.#stations.get(b)!];
    for (const [from, to] of [
      [one, two],
      [two, one],
    ]) {
      const line = this.#line(from.id.name, to.id.name);
      line.isUp = true;
      const again = [...line.flying].filter(({ isAcknowledged }) => isAcknowledged);
      line.flying = new Set();
      for (const flight of again) this.#fly(from, to, line, flight);
      this.#tell(to, { kind: 'link_up', peer: from.id });
    }
  }

  cut(a: string, b: string): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ]) {
      const line = this.#line(from, to);
      if (!line.isUp) continue;
      line.isUp = false;
      const [sender, receiver] = [this.#stations.get(from)!, this.#stations.get(to)!];
      this.#tell(sender, { kind: 'link_down', peer: receiver.id, reason: 'cut' });
    }
  }

  /** What was under way to or from a life that is over never arrives. */
  forget(name: string): void {
    for (const [key, line] of this.#lines) {
      const [from, to] = key.split('>');
      if (from === name || to === name) line.flying = new Set();
    }
  }

  fill(from: string, to: string, isFull: boolean): void {
    this.#line(from, to).isFull = isFull;
  }

  isUp(from: string, to: string): boolean {
    return this.#line(from, to).isUp;
  }

  #send(
    from: Station,
    to: string,
    { channel, service, body, options }: Omit<Flight, 'isAcknowledged'> & { options: SendOptions },
  ): PeerDelivery {
    const line = this.#line(from.id.name, to);
    const receiver = this.#stations.get(to);
    if (!line.isUp || !receiver) return 'disconnected';
    if (line.isFull && channel === 'relay') return 'overloaded';
    this.sent.set(service, (this.sent.get(service) ?? 0) + 1);
    const isAcknowledged = options.acknowledged ?? false;
    this.#fly(from, receiver, line, { channel, service, body, isAcknowledged });
    return 'queued';
  }

  #fly(from: Station, to: Station, line: Lines, flight: Flight): void {
    line.flying.add(flight);
    line.lastAt = Math.max(line.lastAt, this.#world.clock.now() + this.wire.delay());
    this.#world.after(line.lastAt - this.#world.clock.now(), () => {
      if (!line.isUp || !line.flying.delete(flight) || !to.isAlive) return;
      const input = { kind: 'peer_message', from: from.id, body: flight.body } as const;
      to.receive(flight.service, input);
    });
  }

  #tell(station: Station, input: PeerInput): void {
    if (!station.isAlive) return;
    for (const service of ['registry', 'relay'] as const) station.receive(service, input);
  }

  #line(from: string, to: string): Lines {
    const key = `${from}>${to}`;
    let line = this.#lines.get(key);
    if (!line) {
      line = { lastAt: 0, flying: new Set(), isUp: false, isFull: false };
      this.#lines.set(key, line);
    }
    return line;
  }
}
