/** Logins, refusals and kills, seen where they are decided: around who authenticates and who authorizes. */
import type { Authenticator, Authorizer } from '../actors/security/api.ts';
import { LOCKED_OUT } from '../actors/security/attempt.ts';
import type { Member } from '../actors/routing/api.ts';
import type { AuditTrail } from './audit-trail.ts';
import { observedAuthenticator } from './observed.ts';

export function auditedAuthenticator(inner: Authenticator, audit: AuditTrail): Authenticator {
  if (!audit.isKept) return inner;
  return observedAuthenticator(inner, ({ realm, transport, sessionId }) => {
    let authmethod: string | undefined;
    return (verdict, authid) => {
      const where = { address: transport.peer.address, listener: transport.listener };
      const about = { ...where, event: 'login', realm, session: sessionId } as const;
      if (verdict.kind === 'challenge') authmethod = verdict.method;
      else if (verdict.kind === 'refused') {
        const reason = verdict === LOCKED_OUT ? 'locked_out' : verdict.reason;
        audit.record({ ...about, outcome: 'refused', authid, authmethod, reason });
      } else if (verdict.kind === 'welcome') {
        const { authid: as, authmethod: by } = verdict.principal;
        audit.record({ ...about, outcome: 'ok', authid: as, authmethod: by });
      }
    };
  });
}

const KILLS = /^wamp\.session\.kill(_by_authid|_by_authrole|_all)?$/;

export function auditedAuthorizer(
  inner: Authorizer,
  realm: string,
  audit: AuditTrail,
  now: () => number,
): Authorizer {
  if (!audit.isKept) return inner;
  const denied = (member: Member, action: string, uri: string): void => {
    const untold = audit.denials.take(now());
    if (untold === undefined) return;
    const { authid, id: session } = member;
    audit.record({ event: 'denied', realm, authid, session, action, uri, untold });
  };
  return {
    mayI(member, action, uri, match) {
      const isAllowed = inner.mayI(member, action, uri, match);
      if (!isAllowed) denied(member, action, uri);
      else if (action === 'call' && KILLS.test(uri)) {
        const { authid, id: session } = member;
        audit.record({ event: 'kill', realm, authid, session, what: uri });
      }
      return isAllowed;
    },
    mayDisclose: (member, action, uri, match) => inner.mayDisclose(member, action, uri, match),
    mayStill: inner.mayStill && ((...question) => inner.mayStill!(...question)),
  };
}
