/** Tickets (advanced/authentication_ticket.md): a secret that was given to the client earlier, said in clear. */
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { EntryTicket } from '../tickets/claims.ts';
import type { Claim, Method, Step } from './method.ts';
import { FAILED } from './method.ts';

/** Characters. */
const MAX_TICKET = 16 * 1024;

export type CheckedTicket =
  /** `groups`: those it was issued with; undefined: the user's. */
  | {
      readonly kind: 'valid';
      readonly authextra?: Dict;
      readonly groups?: readonly string[];
      /** For the session to end with it. Undefined: one of the configuration. */
      readonly ticket?: EntryTicket;
    }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'unavailable' };

/** Who issues tickets says which are valid: of this realm or of its SSO realm, for this user, not expired or revoked. */
export interface TicketPort {
  /** Delivers once, later or at once. */
  check(
    of: {
      readonly realm: string;
      readonly username: string;
      readonly ticket: string;
      /** Of HELLO: a client may say which it is (`client_id`, `device_id`). */
      readonly authextra: Dict;
    },
    deliver: (checked: CheckedTicket) => void,
  ): void;
}

export class TicketMethod implements Method {
  readonly #claim: Claim;
  readonly #tickets: TicketPort;

  constructor(claim: Claim, tickets: TicketPort) {
    this.#claim = claim;
    this.#tickets = tickets;
  }

  begin(): Step {
    return { kind: 'challenge', extra: {} };
  }

  answer(ticket: string): Step {
    if (ticket.length > MAX_TICKET) return FAILED;
    const { realm, user, authid, authextra } = this.#claim;
    const username = user?.username ?? authid;
    return {
      kind: 'pending',
      settle: (deliver) =>
        this.#tickets.check({ realm, username, ticket, authextra }, (checked) =>
          deliver(() => this.#step(checked)),
        ),
    };
  }

  #step(checked: CheckedTicket): Step {
    switch (checked.kind) {
      case 'valid': {
        const { authextra, groups, ticket } = checked;
        const { user } = this.#claim;
        if (!user) return FAILED;
        return {
          kind: 'proven',
          ...(authextra && { authextra }),
          ...(ticket && { ticket }),
          ...(groups && { vouched: { authid: user.username, groups } }),
        };
      }
      case 'invalid':
        return FAILED;
      case 'unavailable':
        return { kind: 'unavailable', detail: 'tickets cannot be checked now' };
    }
  }
}
