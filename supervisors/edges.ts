import { admin } from '../actors/admin/admin.actor.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import { adminLogin } from './admin-login.ts';
import { clusterStatus } from './cluster-status.ts';
import { COOLING } from './intensities.ts';
import { operationsOf } from './management.ts';
import { operator } from './operations.ts';
import type { Parts } from './parts.ts';
import { remoteTree } from './remote-tree.ts';
import { storeReport } from './store-health.ts';

/** What the node can do without: each cools down and comes back, and nothing of it ever escalates. */
export function edges(parts: Parts): ChildSpec {
  const { config, kernel, metrics, version, log, isReady, cluster } = parts;
  const commands = operator(parts);
  return {
    id: 'edges',
    start: {
      kind: 'supervisor',
      strategy: 'one_for_one',
      onExhausted: COOLING,
      children: () => {
        const { enabled, https } = config().admin;
        if (!enabled && !https.enabled) return [];
        return [
          {
            id: 'admin',
            start: admin(config().admin, {
              kernel,
              metrics,
              isReady,
              store: () => storeReport(parts.own.store, kernel().clock),
              cluster: cluster && clusterStatus(parts, cluster),
              treeOf: cluster && remoteTree(kernel, cluster),
              operator: commands,
              login: adminLogin(parts),
              operations: operationsOf(config().masterRealm.uri, config().authentication.defaults),
              version,
              nodeName: config().node.name,
              log: (level, event, fields) => log.log(level, event, fields),
              onListening: parts.onAdminListening,
            }),
          },
        ];
      },
    },
  };
}
