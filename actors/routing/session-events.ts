/** The events of the session meta API (WAMP advanced, meta_api_sessions), and what they say of a session. */
import type { Dict } from '../../runtime/wamp/message.ts';
import type { Member } from './api.ts';
import type { RoutingEffects } from './effects.ts';

/** After WELCOME. */
export function announceJoin(member: Member, effects: RoutingEffects): void {
  if (effects.isHeard) effects.announce('wamp.session.on_join', [sessionDetails(member)]);
}

/** Last of all that a session's end causes. */
export function announceLeave(member: Member, effects: RoutingEffects): void {
  if (!effects.isHeard) return;
  effects.announce('wamp.session.on_leave', [member.id, member.authid, member.authrole]);
}

export function sessionDetails(member: Member): Dict {
  const { id, authid, authrole, authmethod, authprovider, transport } = member;
  const { kind, batched, tls, listener, peer } = transport;
  return {
    session: id,
    authid,
    authrole,
    authmethod,
    authprovider,
    transport: { type: kind, batched, tls, listener, peer: `${peer.address}:${peer.port}` },
  };
}
