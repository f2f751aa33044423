/**
 * What each counter means: the `# HELP` lines of /metrics and the tables of docs/metrics.md. The name `events` is
 * exported as `bondy_events_total`. Each subsystem has its own in counters.ts; a counter that is nowhere listed is
 * exported too, with a help made of its name, and a test asks for a line.
 */
import { ADMIN_COUNTERS } from '../actors/admin/counters.ts';
import { AUDIT_COUNTER_HELP } from '../actors/audit/counters.ts';
import { BROADCAST_COUNTER_HELP } from '../actors/broadcast/counters.ts';
import { LINK_COUNTERS } from '../actors/links/counters.ts';
import { LISTENER_COUNTERS } from '../actors/listeners/counters.ts';
import { MANAGEMENT_COUNTERS } from '../actors/management/counters.ts';
import { MEMBERSHIP_COUNTERS } from '../actors/membership/counters.ts';
import { REGISTRY_COUNTERS } from '../actors/registry/counters.ts';
import { RELAY_COUNTERS } from '../actors/relay/counters.ts';
import { ROUTING_COUNTERS } from '../actors/routing/counters.ts';
import { SECURITY_COUNTERS } from '../actors/security/counters.ts';
import { SESSION_COUNTERS } from '../actors/sessions/counters.ts';
import { STORE_COUNTER_HELP } from '../actors/store/counters.ts';

export const COUNTERS_BY_SUBSYSTEM = {
  listeners: LISTENER_COUNTERS,
  sessions: SESSION_COUNTERS,
  security: SECURITY_COUNTERS,
  routing: ROUTING_COUNTERS,
  management: MANAGEMENT_COUNTERS,
  admin: ADMIN_COUNTERS,
  audit: AUDIT_COUNTER_HELP,
  links: LINK_COUNTERS,
  membership: MEMBERSHIP_COUNTERS,
  broadcast: BROADCAST_COUNTER_HELP,
  registry: REGISTRY_COUNTERS,
  relay: RELAY_COUNTERS,
  store: STORE_COUNTER_HELP,
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export const COUNTER_HELP: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(COUNTERS_BY_SUBSYSTEM).flatMap((help) => Object.entries(help)),
);
