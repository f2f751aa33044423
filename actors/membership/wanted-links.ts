/**
 * From whom this node wants links to, to what is asked of the links: connects and disconnects. A link is wanted by the
 * overlay for as long as it says so, or as a contact for one conversation: also one of other subsystems, which have something
 * to say to a member that is no neighbour.
 */
import type { PeerAddress } from '../links/api.ts';
import { addressText, isMember } from './member.ts';
import type { Roster } from './roster.ts';

export interface LinksPort {
  /** False: nobody was there to ask; it is asked again. */
  connect(address: PeerAddress, name: string): boolean;
  /** Tells the peer, so that it suspects nothing when the link goes. */
  sayClosing(name: string): void;
  disconnect(name: string): void;
  isLinked(name: string): boolean;
}

interface Dial {
  address: PeerAddress;
  since: number;
}

/** Ms between saying that a link will be closed and closing it: what was said is to arrive. */
const CLOSING_MS = 200;

/** Ms without a link after which a member's next address is tried. */
const NEXT_ADDRESS_MS = 10_000;

export class WantedLinks {
  readonly #contactMs: number;
  readonly #roster: Roster;
  readonly #port: LinksPort;
  readonly #held = new Set<string>();
  readonly #dials = new Map<string, Dial>();
  /** Until when. */
  readonly #contacts = new Map<string, number>();
  /** Announced to be closed, and when. */
  readonly #closing = new Map<string, number>();

  constructor(contactMs: number, roster: Roster, port: LinksPort) {
    this.#contactMs = contactMs;
    this.#roster = roster;
    this.#port = port;
  }

  /** Wants a link for a while. */
  contact(name: string, now: number, forMs = this.#contactMs): void {
    this.#contacts.set(name, Math.max(this.#contacts.get(name) ?? 0, now + forMs));
    this.#hold(name, now);
  }

  /** A link that came up unasked, from inside or outside, has as long to find a use. */
  linkUp(name: string, now: number): void {
    this.#closing.delete(name);
    if (this.#held.has(name)) return;
    this.#held.add(name);
    this.#contacts.set(name, now + 2 * this.#contactMs);
  }

  /** Asks for what is wanted and was not asked for, and gives up what is wanted no longer. */
  reconcile(wanted: readonly string[], now: number): void {
    for (const [name, at] of this.#closing) if (now >= at) this.#disconnect(name);
    for (const [name, until] of this.#contacts) if (now >= until) this.#contacts.delete(name);
    for (const name of wanted) this.#hold(name, now);
    if (this.#held.size === wanted.length) return;
    const kept = new Set(wanted);
    for (const name of this.#held) {
      if (kept.has(name)) continue;
      if (!this.#contacts.has(name) || this.#isOver(name)) this.release(name, now);
    }
  }

  release(name: string, now: number): void {
    this.#held.delete(name);
    this.#contacts.delete(name);
    this.#dials.delete(name);
    if (!this.#port.isLinked(name)) return this.#disconnect(name);
    this.#port.sayClosing(name);
    // A link that comes up again meanwhile puts nothing off: it would be dialled and closed for ever.
    if (!this.#closing.has(name)) this.#closing.set(name, now + CLOSING_MS);
  }

  releaseAll(now: number): void {
    for (const name of [...this.#held]) this.release(name, now);
  }

  /** Whoever was asked is gone, and what was asked with it. */
  forgetDials(): void {
    this.#dials.clear();
  }

  /** Left or removed, and not there to be told: whoever dialled it now would dial in vain. */
  #isOver(name: string): boolean {
    const member = this.#roster.get(name);
    return member !== undefined && !isMember(member) && !this.#port.isLinked(name);
  }

  #disconnect(name: string): void {
    this.#closing.delete(name);
    this.#port.disconnect(name);
  }

  #hold(name: string, now: number): void {
    this.#held.add(name);
    this.#closing.delete(name);
    const member = this.#roster.get(name);
    if (member === undefined) return;
    const dial = this.#dials.get(name);
    if (dial !== undefined && this.#port.isLinked(name)) {
      dial.since = now;
      return;
    }
    const address = nextAddress(member.addresses, dial, now);
    if (address === undefined) return;
    if (this.#port.connect(address, name)) this.#dials.set(name, { address, since: now });
  }
}

/** The address to dial now, when that is another than before or nothing was dialled yet. */
function nextAddress(
  addresses: readonly PeerAddress[],
  dial: Dial | undefined,
  now: number,
): PeerAddress | undefined {
  if (dial === undefined) return addresses[0];
  const at = addresses.findIndex((one) => addressText(one) === addressText(dial.address));
  if (at < 0) return addresses[0]; // it has moved
  if (addresses.length === 1 || now < dial.since + NEXT_ADDRESS_MS) return undefined;
  return addresses[(at + 1) % addresses.length];
}
