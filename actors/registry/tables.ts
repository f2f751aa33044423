/** What must outlive a registry that dies: made by its supervisor, written by whichever registry lives. */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Context } from '../../runtime/kernel/actor.ts';
import type { SetWriter } from '../../runtime/kernel/table.ts';
import { SetTable } from '../../runtime/kernel/table.ts';
import type { NodeState, RegistryListener, Row } from './api.ts';
import type { Change } from './owner-log.ts';
import { OwnerLog } from './owner-log.ts';

/** Another node, in the life membership last called up. */
export interface Peer {
  readonly node: NodeId;
  readonly log: OwnerLog;
  state: Exclude<NodeState, 'gone'>;
  /** What it has of ours. */
  acked: number;
  /** Monotonic ms; 0: not down. */
  forgetAt: number;
  /** When what is missing is asked for; 0: nothing is. */
  askAt: number;
  /** Changes that came before their turn, by the number of their first. */
  readonly early: Map<number, readonly Change[]>;
  pages: { readonly sequence: number; readonly rows: Row[] } | undefined;
}

/** A realm that is open here. */
export interface OwnRealm {
  listener: RegistryListener;
  /** The router's keys, and the ids they have in the log. */
  readonly ids: Map<string, number>;
}

export interface RegistryRows {
  readonly own: OwnerLog;
  readonly flushed: { sequence: number };
  readonly peers: SetWriter<string, Peer>;
  readonly realms: SetWriter<string, OwnRealm>;
}

export class RegistryTables {
  readonly #own: OwnerLog;
  /** The last change that was broadcast. */
  readonly #flushed = { sequence: 0 };
  readonly #peers = new SetTable<string, Peer>('registry peers');
  readonly #realms = new SetTable<string, OwnRealm>('registry realms');

  constructor(self: NodeId, keptChanges: number) {
    this.#own = new OwnerLog(self, keptChanges);
  }

  claim(context: Context<never>): RegistryRows {
    return {
      own: this.#own,
      flushed: this.#flushed,
      peers: this.#peers.claim(context),
      realms: this.#realms.claim(context),
    };
  }
}
