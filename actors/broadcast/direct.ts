/**
 * Plain fan-out, for clusters in which the origin can send to every member itself: N-1 payloads and nothing else, one hop.
 * It holds only the decision; ids, cache, announcements and exchange are the tree's, so changing over loses nothing:
 * a receiver takes both kinds whatever it would use itself.
 */
import type { BroadcastConfig } from './config.ts';
import type { Members } from './members.ts';
import type { Payload } from './message.ts';
import type { BroadcastPort } from './port.ts';

/** Back to direct at this share of the limit, so that a member that flaps does not change the way each time. */
const RETURN_SHARE = 0.8;

export class Direct {
  readonly #config: BroadcastConfig;
  readonly #members: Members;
  readonly #port: BroadcastPort;
  #isUsed = true;

  constructor(members: Members, config: BroadcastConfig, port: BroadcastPort) {
    this.#config = config;
    this.#members = members;
    this.#port = port;
  }

  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Members or links have changed. */
  decide(): void {
    const { directMembers } = this.#config;
    const limit = this.#isUsed ? directMembers : Math.floor(directMembers * RETURN_SHARE);
    // This node is one of the members. Who is not linked with all needs others to pass on.
    this.#isUsed = this.#members.size + 1 <= limit && this.#members.reachesAll();
  }

  /** A payload of this node, kept already. */
  publish(payload: Payload): void {
    const to = this.#members.connected();
    if (to.length > 0) this.#port.send(to, { kind: 'direct', payload });
  }
}
