/** The peers that can be sent to now, whose roster is known, and which links are about to be closed on purpose. */
import type { NodeId } from '../../runtime/causality/identity.ts';

export class LinkedPeers {
  readonly #peers = new Map<string, NodeId>();
  readonly #closing = new Set<string>();
  readonly #merged = new Set<string>();
  #names: readonly string[] | undefined = undefined;

  get names(): readonly string[] {
    return (this.#names ??= [...this.#peers.keys()]);
  }

  peers(): readonly NodeId[] {
    return [...this.#peers.values()];
  }

  /** Names of those whose roster has been merged into ours since their link came up. */
  get merged(): readonly string[] {
    return [...this.#merged];
  }

  merge(name: string): void {
    if (this.#peers.has(name)) this.#merged.add(name);
  }

  has(name: string): boolean {
    return this.#peers.has(name);
  }

  up(peer: NodeId): void {
    this.#closing.delete(peer.name);
    this.#merged.delete(peer.name);
    this.#peers.set(peer.name, peer);
    this.#names = undefined;
  }

  /** One of both ends has said that it will close the link. */
  closing(name: string): void {
    if (this.#peers.has(name)) this.#closing.add(name);
  }

  /** Undefined: that life of the peer has no link, or a younger one has. */
  down(peer: NodeId): { readonly wasAnnounced: boolean } | undefined {
    if (this.#peers.get(peer.name)?.incarnation !== peer.incarnation) return undefined;
    this.#peers.delete(peer.name);
    this.#merged.delete(peer.name);
    this.#names = undefined;
    return { wasAnnounced: this.#closing.delete(peer.name) };
  }
}
