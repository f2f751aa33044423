/**
 * The node, as a tree. Start order is dependency order: who fails takes along what stands below, never above
 * (rest_for_one). What must not take anything along cools down instead of escalating.
 */
import type { SupervisorSpec } from '../runtime/kernel/supervision.ts';
import { bootstrapFile } from './bootstrap.ts';
import { cluster } from './cluster.ts';
import { diagnostics } from './diagnostics.ts';
import { edges } from './edges.ts';
import { listeners } from './listeners.ts';
import type { Parts } from './parts.ts';
import { routing } from './routing.ts';
import { security } from './security.ts';
import { sessions } from './sessions.ts';
import { store } from './store.ts';

export function root(parts: Parts): SupervisorSpec {
  const fromFile = bootstrapFile(parts);
  return {
    kind: 'supervisor',
    strategy: 'rest_for_one',
    intensity: { restarts: 5, periodMs: 60_000 },
    children: () => [
      diagnostics(parts), // needs nothing, so nothing can take it down
      store(parts), // what outlives the process, and what all nodes keep
      security(parts), // who may do what: nobody may enter without it
      ...(fromFile === undefined ? [] : [fromFile]), // is in force before anybody can enter
      routing(parts), // a router per realm: what sessions are members of
      sessions(parts), // an actor per session; they find their realm by its name
      ...(parts.cluster ? [cluster(parts, parts.cluster)] : []), // links to other nodes
      listeners(parts), // hand connections to sessions
      edges(parts), // admin server and page: look at all of the above
    ],
  };
}
