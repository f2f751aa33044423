/** Realms of the configuration: open to everybody, or to who has one of the tickets that are written there. */
import { EMPTY } from '../../runtime/wamp/message.ts';
import type { Principal } from './api.ts';
import type { Entrance, Entry, Refused, Visit } from './entrance.ts';
import { needsAuthid, noneInCommon } from './entrance.ts';
import { anonymous } from './methods/plain.ts';

/** What the configuration says of who may enter a realm. */
export interface RealmCredentials {
  readonly uri: string;
  readonly authmethods: readonly ('anonymous' | 'ticket')[];
  readonly anonymousRole: string;
  readonly tickets: readonly {
    readonly authid: string;
    readonly ticket: string;
    readonly authrole: string;
  }[];
}

const PROVIDER = 'static';
/** Compared against when the authid is unknown, so that both take the same work. */
const NOBODY = { authid: '', ticket: '\u0000', authrole: '' };

const ANONYMOUS = anonymous();

export class ConfiguredEntrance implements Entrance {
  readonly #realm: RealmCredentials;
  readonly #equal: (given: string, known: string) => boolean;

  /** `equal` compares in constant time. */
  constructor(realm: RealmCredentials, equal: (given: string, known: string) => boolean) {
    this.#realm = realm;
    this.#equal = equal;
  }

  open({ hello, transport, sessionId }: Visit): Entry | Refused {
    const { authmethods, uri } = this.#realm;
    const { authid } = hello;
    const chosen = hello.authmethods.find((wanted) => authmethods.some((each) => each === wanted));
    switch (chosen) {
      case 'anonymous': {
        const principal = this.#principal(
          `anonymous-${sessionId}`,
          this.#realm.anonymousRole,
          chosen,
        );
        return {
          kind: 'entry',
          spelling: chosen,
          method: ANONYMOUS,
          guesser: undefined,
          admit: () => principal,
        };
      }
      case 'ticket': {
        if (authid === undefined) return needsAuthid(chosen);
        const known = this.#realm.tickets.find((ticket) => ticket.authid === authid) ?? NOBODY;
        return {
          kind: 'entry',
          spelling: chosen,
          method: {
            begin: () => ({ kind: 'challenge', extra: EMPTY }),
            answer: (ticket) => {
              const isRight = this.#equal(ticket, known.ticket);
              return isRight && known !== NOBODY ? { kind: 'proven' } : { kind: 'failed' };
            },
          },
          guesser: { realm: uri, address: transport.peer.address, authid },
          admit: () => this.#principal(known.authid, known.authrole, chosen),
        };
      }
      default:
        return noneInCommon(authmethods);
    }
  }

  #principal(authid: string, authrole: string, authmethod: string): Principal {
    return { authid, authrole, authmethod, authprovider: PROVIDER, authextra: EMPTY };
  }
}
