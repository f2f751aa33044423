/**
 * The sessions of one subscription. A dense array, because the fan-out loop walks it for every event; the place of
 * each session in it is only indexed when a linear search would hurt, because most subscriptions have one subscriber.
 */
import type { Id } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';

/** From this many subscribers on, the index costs less than the searches. */
const INDEXED_FROM = 16;

export class Subscribers {
  readonly #members: Member[] = [];
  #places: Map<Id, number> | undefined;

  /** In no particular order, valid until the next `add` or `remove`. */
  get all(): readonly Member[] {
    return this.#members;
  }

  get size(): number {
    return this.#members.length;
  }

  get(session: Id): Member | undefined {
    return this.#members[this.#placeOf(session)];
  }

  has(session: Id): boolean {
    return this.#placeOf(session) >= 0;
  }

  /** False when the session is here already. */
  add(member: Member): boolean {
    if (this.has(member.id)) return false;
    this.#members.push(member);
    if (this.#places) this.#places.set(member.id, this.#members.length - 1);
    else if (this.#members.length >= INDEXED_FROM) this.#index();
    return true;
  }

  /** The last one takes the free place. False when the session was not here. */
  remove(session: Id): boolean {
    const place = this.#placeOf(session);
    if (place < 0) return false;
    const last = this.#members.pop()!;
    this.#places?.delete(session);
    if (last.id !== session) {
      this.#members[place] = last;
      this.#places?.set(last.id, place);
    }
    return true;
  }

  #placeOf(session: Id): number {
    if (this.#places) return this.#places.get(session) ?? -1;
    for (let place = 0; place < this.#members.length; place++) {
      if (this.#members[place]!.id === session) return place;
    }
    return -1;
  }

  #index(): void {
    this.#places = new Map(this.#members.map((member, place) => [member.id, place]));
  }
}
