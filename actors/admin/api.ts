/** What can be said to the admin actor, and what it needs to be told about the node. */
import type { Name } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { AdminTlsConfig } from './config.ts';
import type { EventSink } from './event-streams.ts';

export type { LoginPorts } from './access/login.ts';
export type { ClusterStatus, EnabledCluster } from './cluster-status.ts';

/** Its ports, by the prefix of their keys. */
export type AdminSection = 'admin_api.http' | 'admin_api.https';

export type AdminMessage =
  | { readonly kind: 'listening'; readonly section: AdminSection; readonly port: number }
  | { readonly kind: 'failed'; readonly section: AdminSection; readonly error: Error }
  /** Certificates for connections to come. */
  | { readonly kind: 'reload'; readonly https: AdminTlsConfig }
  /** Somebody opened `/tree/events`; `childLimit` children of each dynamic supervisor are followed. */
  | { readonly kind: 'stream_opened'; readonly sink: EventSink; readonly childLimit: number }
  | { readonly kind: 'stream_closed'; readonly sink: EventSink }
  /** The tree changed since the last tick. */
  | { readonly kind: 'tree_changed' }
  | { readonly kind: 'tick' }
  /** Its own: what was asked of others is answered. */
  | { readonly kind: 'resume'; readonly task: () => void };

export const ADMIN: Name<AdminMessage> = name('admin');

/** May clients be sent here? `why` has one sentence for each thing that is missing. */
export interface Readiness {
  readonly ready: boolean;
  readonly why: readonly string[];
}
