/** The tickets of a realm as an administrator sees them: by their rows, for only who holds a ticket has the ticket itself. */
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { TicketRecord } from '../records.ts';
import { kindOf, writtenScope } from './claims.ts';
import type { Known } from './standing.ts';
import { isRevoked } from './standing.ts';

/** Those that open sessions, signed by a key of this realm: of an SSO realm, in whatever realm. `now`: ms since 1970. */
export function* ticketsOf(known: Known, realm: string, now: number): Iterable<TicketRecord> {
  const facts = known.facts(realm);
  for (const [authid, rows] of facts?.ticketsOf ?? []) {
    const user = facts?.users.get(authid);
    if (!user || known.user(realm, authid)?.enabled !== true) continue;
    // A password of the configuration has no date: its user's row is older than any.
    const passwordAt = user.at < user.passwordAt ? 0 : user.passwordAt;
    for (const row of rows.values()) {
      const isOver = now >= row.expiresAt * 1_000 || row.at < passwordAt;
      if (!isOver && !isRevoked(known, { ...row, authrealm: row.realm }, realm)) yield row;
    }
  }
}

export function writtenTicket({ id, authid, at, expiresAt, scope }: TicketRecord): Dict {
  const dates = { issued_at: Math.floor(at / 1_000), expires_at: expiresAt };
  return { id, authid, kind: kindOf(scope), ...dates, scope: writtenScope(scope) };
}
