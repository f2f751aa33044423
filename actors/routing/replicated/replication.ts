/** What a router has to do with the store: it reports what has changed of its rows, and hears when the store has it. */
import type { HistoryReplication } from '../broker/history.ts';
import type { RetainedReplication } from '../broker/retention.ts';
import type { AcknowledgementConfig } from '../config.ts';
import type { RealmRows } from '../tables.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { ReplicatorTarget } from './messages.ts';
import { historyReplication, RowReports } from './reports.ts';

/** The agents that keep a router's rows in the store. */
export interface StoredBy {
  /** The name of this node. */
  readonly node: string;
  readonly retained: ReplicatorTarget;
  /** Undefined: nothing is recorded there. */
  readonly recorded: ReplicatorTarget | undefined;
}

export interface ReplicationParts {
  /** Undefined: nothing is stored. */
  readonly stored: StoredBy | undefined;
  readonly rows: Pick<RealmRows, 'counters' | 'recorded' | 'pendingPublishes'>;
  readonly config: AcknowledgementConfig;
  /** Monotonic ms. */
  now(): number;
  count(counter: string): void;
}

/** For the broker. */
export interface BrokerReplication {
  readonly replication: RetainedReplication | undefined;
  readonly historyReplication: HistoryReplication | undefined;
  readonly acknowledgements: Acknowledgements | undefined;
}

export class Replication {
  readonly broker: BrokerReplication;
  /** Undefined: there is no store to wait for. */
  readonly acknowledgements: Acknowledgements | undefined;
  readonly #retained: RowReports | undefined;
  readonly #recorded: RowReports | undefined;

  constructor({ stored, rows, config, now, count }: ReplicationParts) {
    const { counters } = rows;
    this.#retained = stored && new RowReports(counters.retained, stored.retained);
    this.#recorded = stored?.recorded && new RowReports(counters.recorded, stored.recorded);
    if (stored) {
      this.acknowledgements = new Acknowledgements({
        rows: rows.pendingPublishes,
        awaited: { retained: counters.retained.awaited, recorded: counters.recorded.awaited },
        config,
        now,
        count,
      });
    }
    this.broker = {
      replication: this.#retained,
      historyReplication:
        this.#recorded && historyReplication(this.#recorded, rows.recorded, stored!.node),
      acknowledgements: this.acknowledgements,
    };
  }

  /** In one message to each agent, all that has changed since the last. */
  report(): void {
    this.#retained?.report();
    this.#recorded?.report();
  }
}

/** The earlier of two times, either of which may not be. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
