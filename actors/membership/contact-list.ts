/**
 * Addresses to join by that no member is known to have: the links are asked for each, again after a restart of theirs, until
 * a member has the address (then the overlay decides) or it is withdrawn.
 */
import type { PeerAddress } from '../links/api.ts';
import type { Member } from './member.ts';
import { addressText, isMember } from './member.ts';

export interface ContactPort {
  /** False: the links cannot be asked now. */
  connect(address: PeerAddress): boolean;
  members(): readonly Member[];
  readonly self: string;
}

/** At a time. Discovery and operators name a handful; a thousand are a mistake. */
const MAX_CONTACTS = 1_000;

export class ContactList {
  readonly #port: ContactPort;
  readonly #contacts = new Map<string, { readonly address: PeerAddress; isAsked: boolean }>();

  constructor(port: ContactPort) {
    this.#port = port;
  }

  /** False: there are too many. */
  add(address: PeerAddress): boolean {
    const key = addressText(address);
    if (this.#contacts.has(key)) return true;
    if (this.#contacts.size >= MAX_CONTACTS) return false;
    this.#contacts.set(key, { address, isAsked: false });
    this.ask();
    return true;
  }

  /** True: nobody else wants it dialled. */
  delete(address: PeerAddress): boolean {
    const key = addressText(address);
    this.#contacts.delete(key);
    return !this.#taken().has(key);
  }

  clear(): void {
    this.#contacts.clear();
  }

  linksLost(): void {
    for (const contact of this.#contacts.values()) contact.isAsked = false;
  }

  ask(): void {
    if (this.#contacts.size === 0) return;
    const taken = this.#taken();
    for (const [key, contact] of this.#contacts) {
      if (taken.has(key)) this.#contacts.delete(key);
      else contact.isAsked ||= this.#port.connect(contact.address);
    }
  }

  /** Addresses of the other members. */
  #taken(): ReadonlySet<string> {
    const others = this.#port
      .members()
      .filter((member) => isMember(member) && member.name !== this.#port.self);
    return new Set(others.flatMap(({ addresses }) => addresses.map(addressText)));
  }
}
