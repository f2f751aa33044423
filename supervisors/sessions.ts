import { SESSIONS } from '../actors/sessions/api.ts';
import { session } from '../actors/sessions/session.actor.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import type { Connection } from '../runtime/net/connection.ts';
import type { Parts } from './parts.ts';
import { automaticRealms, staying } from './security.ts';

/** Temporary children: a session that crashes is one client's connection lost, and the client comes back. */
export function sessions(parts: Parts): ChildSpec {
  const { config, version, authenticator, directory, metrics } = parts;
  const dependencies = {
    config: () => config().sessions,
    agent: `bondy-ts/${version}`,
    authenticator,
    ...staying(parts),
    makeRealm: automaticRealms(parts),
    lookup: (realm: string) => directory.lookup(realm),
    continuity: parts.cluster?.continuity,
    count: (counter: string, by?: number) => metrics.counters.count(counter, by),
  };
  return {
    id: 'sessions',
    start: {
      kind: 'supervisor',
      name: SESSIONS.name,
      strategy: 'simple_one_for_one',
      child: (connection: Connection) => ({
        id: String(connection.id),
        restart: 'temporary',
        shutdown: 1_000,
        start: session(dependencies, connection),
      }),
    },
  };
}
