/** What a realm's router needs to be one of many. A router without it is alone, and pays nothing for it. */
import type { Stamp } from '../../../runtime/causality/hlc.ts';
import type { NodeId } from '../../../runtime/causality/identity.ts';
import type { RegistryTarget } from '../../registry/api.ts';
import type { RelayPort } from '../../relay/api.ts';
import type { ClusterRoutingConfig } from '../config.ts';

export interface ClusterPort {
  readonly self: NodeId;
  readonly realm: string;
  readonly config: ClusterRoutingConfig;
  readonly registry: RegistryTarget;
  readonly relay: RelayPort;
  /** The node's hybrid clock: greater than every stamp given or seen. */
  stamp(): Stamp;
}
