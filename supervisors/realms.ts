/** Which realms this node opens, and with which settings: those of the configuration and those of the policy. */
import type { KeptRealm, WantedRealm } from '../actors/realms/keeper.ts';
import type { RealmConfig, UseLimits } from '../actors/realms/config.ts';
import { REALM_DEFAULTS } from '../actors/realms/config.ts';
import type { BrokerConfig } from '../actors/routing/config.ts';
import type { Authorizer } from '../actors/security/api.ts';
import { openAuthorizer, PolicyAuthorizer } from '../actors/security/authorizer.ts';
import type { EffectiveRealm } from '../actors/security/policy-port.ts';
import { auditedAuthorizer } from './audited.ts';
import type { Parts } from './parts.ts';

/** All that may be entered. */
export function wantedRealms({ config, security }: Parts): ReadonlyMap<string, WantedRealm> {
  const { policy } = security.table;
  const described = new Map(config().realms.map((realm) => [realm.uri, realm]));
  const wanted = new Map<string, WantedRealm>();
  for (const realm of policy.realms()) {
    const { uri, allowConnections } = realm;
    if (!allowConnections) continue;
    const since = policy.facts(uri)?.realm?.since ?? 0;
    wanted.set(uri, { config: described.get(uri) ?? settingsOf(realm), since });
  }
  return wanted;
}

export function openRealms(parts: Parts): Map<string, KeptRealm> {
  const kept = new Map<string, KeptRealm>();
  for (const [uri, realm] of wantedRealms(parts)) kept.set(uri, { ...realm, phase: 'open' });
  return kept;
}

/** Realms of the configuration have no rules but who may enter. */
export function authorizerOf(parts: Parts, { uri, allowDisclosure }: RealmConfig): Authorizer {
  const isDescribed = parts.config().realms.some((realm) => realm.uri === uri);
  const inner = isDescribed
    ? openAuthorizer(allowDisclosure)
    : new PolicyAuthorizer(uri, parts.security.table.policy);
  return auditedAuthorizer(inner, uri, parts.audit, () => parts.kernel().clock.now());
}

function settingsOf({ uri, limits }: EffectiveRealm): RealmConfig {
  return {
    ...REALM_DEFAULTS,
    uri,
    uriRule: limits.uriStrictness ?? REALM_DEFAULTS.uriRule,
    maxSessions: limits.maxSessions ?? REALM_DEFAULTS.maxSessions,
    allowDisclosure: limits.allowDisclosure ?? REALM_DEFAULTS.allowDisclosure,
    limits: useLimits(limits),
  };
}

/** Undefined where there are none: then no request is measured. */
function useLimits({
  maxSubscriptionsPerSession,
  maxMessageBytes,
  maxRate,
}: UseLimits): UseLimits | undefined {
  const limits = { maxSubscriptionsPerSession, maxMessageBytes, maxRate };
  return Object.values(limits).some((limit) => limit !== null) ? limits : undefined;
}

/** The node's, with what the realm is stricter in; it may change while the realm is open. */
export function brokerConfigOf(broker: BrokerConfig, realm: () => RealmConfig): BrokerConfig {
  return {
    ...broker,
    get maxSubscriptionsPerSession() {
      const { maxSubscriptionsPerSession: own } = realm().limits ?? {};
      return Math.min(broker.maxSubscriptionsPerSession, own ?? Infinity);
    },
  };
}
