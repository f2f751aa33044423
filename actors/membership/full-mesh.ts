/** The default overlay: a link to every member, the dead included, because they may come back. */
import type { NodeId } from '../../runtime/causality/identity.ts';
import { isMember } from './member.ts';
import type { Overlay, OverlayPort } from './overlay.ts';
import type { Change, Roster } from './roster.ts';

export class FullMesh implements Overlay {
  readonly #self: string;
  readonly #port: OverlayPort;
  readonly #wanted = new Set<string>();
  #list: readonly string[] | undefined = undefined;

  constructor(self: NodeId, roster: Roster, port: OverlayPort) {
    this.#self = self.name;
    this.#port = port;
    for (const after of roster.members()) this.rosterChanged({ before: undefined, after });
  }

  wanted(): readonly string[] {
    return (this.#list ??= [...this.#wanted]);
  }

  neighbors(): readonly string[] {
    return this.wanted().filter((name) => this.#port.isLinked(name));
  }

  rosterChanged({ after }: Change): void {
    if (after.name === this.#self || isMember(after) === this.#wanted.has(after.name)) return;
    if (isMember(after)) this.#wanted.add(after.name);
    else this.#wanted.delete(after.name);
    this.#list = undefined;
  }

  /** A peer configured for another overlay; the handshake of strategies is the operator's. */
  received(): void {
    this.#port.count('neighbor_stale');
  }

  linkUp(): void {}
  linkDown(): void {}
  tick(): void {}
  bridge(): void {}
}
