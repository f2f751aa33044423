/** WELCOME.Details (basic/sessions.md §Router: Role and Feature Announcement). */
import { constant } from '../../runtime/wamp/constant.ts';
import type { Dict } from '../../runtime/wamp/message.ts';
import type { Realm } from '../realms/api.ts';
import type { Principal } from '../security/api.ts';

export function welcomeDetails(agent: string, realm: Realm, principal: Principal): Dict {
  return {
    realm: realm.uri,
    authid: principal.authid,
    authrole: principal.authrole,
    authmethod: principal.authmethod,
    authprovider: principal.authprovider,
    authextra: principal.authextra,
    agent,
    roles: rolesOf(realm),
  };
}

// A realm's announcement never changes; every session of it shares one.
const announced = new WeakMap<Realm, Dict>();

function rolesOf(realm: Realm): Dict {
  const known = announced.get(realm);
  if (known) return known;
  const roles = constant({
    broker: { features: claims(realm.features.broker) },
    dealer: { features: claims(realm.features.dealer) },
  });
  announced.set(realm, roles);
  return roles;
}

function claims(features: readonly string[]): Dict {
  return Object.fromEntries(features.map((feature) => [feature, true]));
}
