/** What a realm's router is given: what outlives it, what it asks, what it was configured to. */
import type { Mailbox } from '../../runtime/kernel/mailbox.ts';
import type { Codec } from '../../runtime/wamp/codec.ts';
import type { SerializerId } from '../../runtime/wamp/message.ts';
import type { UriRule } from '../../runtime/wamp/uri.ts';
import type { Authorizer } from '../security/api.ts';
import type { RouterInput } from './api.ts';
import type { ClusterPort } from './cluster/port.ts';
import type { BrokerConfig, DealerConfig } from './config.ts';
import type { ManagementLink } from './managing.ts';
import type { StoredBy } from './replicated/replication.ts';
import type { RealmTables } from './tables.ts';

export interface RouterDependencies {
  readonly mailbox: Mailbox<RouterInput>;
  readonly tables: RealmTables;
  readonly uriRule: UriRule;
  readonly dealer: DealerConfig;
  readonly broker: BrokerConfig;
  readonly authorizer: Authorizer;
  readonly codecs: Readonly<Record<SerializerId, Codec>>;
  count(counter: string, by?: number): void;
  /** Undefined: nobody administers this node by calls. */
  readonly management?: ManagementLink | undefined;
  /** Undefined: there are no other nodes. */
  readonly cluster?: ClusterPort | undefined;
  /** What a session takes along to another node. */
  readonly issueToken?: (() => string | undefined) | undefined;
  /** Who keeps retained events in the store, and recorded ones; undefined: the router alone has them. */
  readonly stored?: StoredBy | undefined;
}
