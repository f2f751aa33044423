/**
 * A node's own line of the roster, which nobody else writes: what others say about it is refuted with a higher beat or
 * version. Three things cannot be refuted: that it left, that it was removed, that a younger life of its name exists.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { PeerAddress } from '../links/api.ts';
import type { Out } from './api.ts';
import type { Member, MemberStatus } from './member.ts';
import { STATUSES, isSamePlace } from './member.ts';

export class OwnRecord {
  #member: Member;

  constructor(self: NodeId, addresses: readonly PeerAddress[], status: MemberStatus) {
    this.#member = { ...self, status, version: 1, addresses, beat: 1, health: 'alive' };
  }

  get member(): Member {
    return this.#member;
  }

  become(status: MemberStatus): void {
    this.#member = { ...this.#member, status };
  }

  /** Makes the record say more than what was said with this beat. */
  refute(beat: number): void {
    this.#member = { ...this.#member, beat: Math.max(beat, this.#member.beat) + 1 };
  }

  /** Answers what the roster says, by changing this record; or says why this node is out. */
  judge(said: Member): Out | undefined {
    const own = this.#member;
    if (said.incarnation > own.incarnation) return 'superseded';
    if (said.incarnation < own.incarnation) return undefined;
    if (said.status === 'removed') return 'removed';
    if (said.status === 'left') return own.status === 'left' ? undefined : 'left';
    // Said by itself before its actor was restarted.
    if (STATUSES.indexOf(said.status) > STATUSES.indexOf(own.status)) this.become(said.status);
    if (said.version >= own.version && !isSamePlace(said, own)) {
      this.#member = { ...this.#member, version: said.version + 1 };
    }
    if (said.beat > own.beat || (said.beat === own.beat && said.health !== 'alive')) {
      this.refute(said.beat);
    }
    return undefined;
  }
}
