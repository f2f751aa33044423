/** What this node tells others of its sessions in case it dies (witnesses), and what it says when another has (departures). */
import type { Codec } from '../../runtime/wamp/codec.ts';
import { Unencodable } from '../../runtime/wamp/codec.ts';
import type { SerializerId, Value } from '../../runtime/wamp/message.ts';
import type { RegistryEvent } from '../registry/api.ts';
import type { Interests } from './broker/interests.ts';
import { Departures } from './departures.ts';
import type { RealmRows } from './tables.ts';
import { Witnesses } from './witnesses.ts';

export interface FarewellParts {
  readonly realm: string;
  readonly rows: Pick<RealmRows, 'members' | 'subscriptions' | 'registrations' | 'peers'>;
  readonly interests: Interests;
  readonly codecs: Readonly<Record<SerializerId, Codec>>;
  announceHere(topic: string, args: readonly Value[]): void;
}

export class Farewells {
  readonly witnesses: Witnesses;
  readonly departures: Departures;

  constructor({ realm, rows, interests, codecs, announceHere }: FarewellParts) {
    const { members, subscriptions, registrations, peers } = rows;
    this.witnesses = new Witnesses({ realm, interests, members, subscriptions });
    this.departures = new Departures({
      peers,
      registrations,
      subscriptions,
      interests,
      announceHere,
      read: ({ payload }) => {
        const read = codecs[payload.format].read(payload);
        return read instanceof Unencodable ? [] : read.args;
      },
    });
  }

  /** Around the handling of what the registry says. */
  registry(event: RegistryEvent, handle: () => void): void {
    this.departures.notice(event);
    const ended = this.departures.endedBy(event);
    handle();
    this.departures.announce(ended);
  }
}
