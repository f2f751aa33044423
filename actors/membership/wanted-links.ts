/**
 * From whom this node wants links to, to what is asked of the links: connects and disconnects. A link is wanted by the
 * overlay for as long as it says so, or as a contact for one conversation.
 */
import type { PeerAddress } from '../links/api.ts';
import { addressText } from './member.ts';
import type { Roster } from './roster.ts';

export interface LinksPort {
  connect(address: PeerAddress, name: string): void;
  /** Says `closing` to the peer first, so that it suspects nothing. */
  disconnect(name: string): void;
  isLinked(name: string): boolean;
}

interface Dial {
  address: PeerAddress;
  since: number;
}

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

  constructor(contactMs: number, roster: Roster, port: LinksPort) {
    this.#contactMs = contactMs;
    this.#roster = roster;
    this.#port = port;
  }

  /** Wants a link for a while. */
  contact(name: string, now: number): void {
    this.#contacts.set(name, now + this.#contactMs);
    this.#hold(name, now);
  }

  /** Asks for what is wanted and was not asked for, and gives up what is wanted no longer. */
  reconcile(wanted: readonly string[], now: number): void {
    for (const [name, until] of this.#contacts) if (now >= until) this.#contacts.delete(name);
    for (const name of wanted) this.#hold(name, now);
    if (this.#held.size === wanted.length) return;
    const kept = new Set(wanted);
    for (const name of this.#held) {
      if (!kept.has(name) && !this.#contacts.has(name)) this.release(name);
    }
  }

  release(name: string): void {
    this.#held.delete(name);
    this.#contacts.delete(name);
    this.#dials.delete(name);
    this.#port.disconnect(name);
  }

  releaseAll(): void {
    for (const name of [...this.#held]) this.release(name);
  }

  #hold(name: string, now: number): void {
    this.#held.add(name);
    const member = this.#roster.get(name);
    if (member === undefined) return;
    const dial = this.#dials.get(name);
    if (dial !== undefined && this.#port.isLinked(name)) {
      dial.since = now;
      return;
    }
    const address = nextAddress(member.addresses, dial, now);
    if (address === undefined) return;
    this.#dials.set(name, { address, since: now });
    this.#port.connect(address, name);
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
