/** What the node is assembled from before the tree starts: values and services that no actor owns. */
import type { AdminSection, Readiness } from '../actors/admin/api.ts';
import type { Out } from '../actors/membership/api.ts';
import type { RealmDirectory } from '../actors/realms/api.ts';
import type { Authenticator } from '../actors/security/api.ts';
import type { Tickets } from '../actors/security/tickets/tickets.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';
import type { Logger } from '../runtime/log/logger.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { NetEnvironment } from '../runtime/net/environment.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Backups } from './backup/backups.ts';
import type { ClusterParts } from './cluster-parts.ts';
import type { NodeConfig } from './config.ts';
import type { NodeStore } from './node-store.ts';
import type { SecurityParts } from './security-parts.ts';
import type { StoreCare } from './store-operations.ts';

export interface Parts {
  /** The configuration in force; a reload replaces it. */
  readonly config: () => NodeConfig;
  readonly version: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly directory: RealmDirectory;
  readonly authenticator: Authenticator;
  /** Codecs, buffers and the list of sockets to be written at the end of the turn. */
  readonly net: NetEnvironment;
  /** The kernel that runs the tree; only to be called once it runs. */
  readonly kernel: () => Kernel;
  readonly isReady: () => Readiness;
  /** Who this node is, and what it keeps. */
  readonly own: NodeStore;
  readonly audit: AuditTrail;
  readonly backups: Backups;
  readonly storeCare: StoreCare;
  readonly security: SecurityParts;
  readonly tickets: Tickets;
  /** Undefined: a node that is alone. */
  readonly cluster: ClusterParts | undefined;
  /** This life of the node is over for the others: it left, was removed, or a newer one took its name. */
  readonly onOut: (why: Out, incarnation: number) => void;
  readonly onAdminListening: (section: AdminSection, port: number) => void;
}
