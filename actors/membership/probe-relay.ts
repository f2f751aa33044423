/**
 * Probing on behalf of others (SWIM's ping-req): a helper pings the target, dialling it first when it has no link, and
 * says in time that it got no answer, so that the asker can tell a dead target from its own bad connection (Lifeguard).
 */
import type { Member } from './member.ts';
import type { DetectorMessage } from './messages.ts';

export interface RelayPort {
  send(to: string, message: DetectorMessage): void;
  /** Pings and returns the sequence of the ping. */
  ping(target: string): number;
  contact(name: string): void;
  isLinked(name: string): boolean;
  /** This node has lost the target itself just now. */
  isHopeless(name: string): boolean;
  member(name: string): Member | undefined;
  count(what: 'probe_relay_refused'): void;
}

interface Errand {
  readonly asker: string;
  /** The asker's. */
  readonly sequence: number;
  readonly target: string;
  /** Ours; undefined while there is no link. */
  ping: number | undefined;
  deadline: number;
}

export class ProbeRelay {
  readonly #errands = new Set<Errand>();
  readonly #limit: number;
  readonly #port: RelayPort;

  constructor(limit: number, port: RelayPort) {
    this.#limit = limit;
    this.#port = port;
  }

  ask(
    asker: string,
    request: { readonly sequence: number; readonly target: string },
    deadline: number,
  ): void {
    const { sequence, target } = request;
    const isLinked = this.#port.isLinked(target);
    if (this.#port.member(target) === undefined || this.#port.isHopeless(target)) {
      return this.#port.send(asker, { kind: 'nack', sequence });
    }
    if (this.#errands.size >= this.#limit) return this.#port.count('probe_relay_refused');
    const errand: Errand = { asker, sequence, target, ping: undefined, deadline };
    this.#errands.add(errand);
    if (isLinked) errand.ping = this.#port.ping(target);
    else this.#port.contact(target);
  }

  linkUp(peer: string, deadline: (target: string) => number): void {
    for (const errand of this.#errands) {
      if (errand.target !== peer || errand.ping !== undefined) continue;
      errand.ping = this.#port.ping(peer);
      errand.deadline = deadline(peer);
    }
  }

  answered(from: string, ping: number, member: Member): void {
    for (const errand of this.#errands) {
      if (errand.ping !== ping || errand.target !== from) continue;
      this.#errands.delete(errand);
      this.#port.send(errand.asker, { kind: 'indirect_ack', sequence: errand.sequence, member });
    }
  }

  expire(awake: number): void {
    for (const errand of this.#errands) {
      if (awake < errand.deadline) continue;
      this.#errands.delete(errand);
      this.#port.send(errand.asker, { kind: 'nack', sequence: errand.sequence });
    }
  }
}
