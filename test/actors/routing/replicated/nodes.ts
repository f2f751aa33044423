/** A family of a realm's rows on several nodes: the shipped agent and store on one virtual clock, routers stood in for. */
import type { RouterInput } from '../../../../actors/routing/api.ts';
import type { Family } from '../../../../actors/routing/replicated/family.ts';
import type { ReplicatorMessage } from '../../../../actors/routing/replicated/messages.ts';
import type { PendingRow } from '../../../../actors/routing/replicated/pending.ts';
import { replicator } from '../../../../actors/routing/replicated/replicator.actor.ts';
import { noChanges, RowReports } from '../../../../actors/routing/replicated/reports.ts';
import { Mailbox } from '../../../../runtime/kernel/mailbox.ts';
import type { SetWriter } from '../../../../runtime/kernel/table.ts';
import { SetTable } from '../../../../runtime/kernel/table.ts';
import { worker } from '../../../../runtime/kernel/worker.ts';
import type { Replica, ReplicasOptions } from '../../store/replicas.ts';
import { Replicas } from '../../store/replicas.ts';

const REALM = 'com.example.realm';

/** The part of a router that matters here. */
export abstract class Home {
  readonly changes = noChanges();
  readonly agent = new Mailbox<ReplicatorMessage>();
  readonly router = new Mailbox<RouterInput>();
  readonly pending = new SetTable<string, PendingRow>('pending');
  readonly counted: string[] = [];
  readonly count = (what: string): void => void this.counted.push(what);
  protected readonly reports = new RowReports(this.changes, this.agent);
  readonly #replica: Replica;

  constructor(replica: Replica) {
    this.#replica = replica;
    this.router.attach({ wake: () => {}, overflowed: () => {} });
  }

  /** Takes what the agent has said. */
  listen(): void {
    while (this.router.size > 0) this.hear(this.router.take());
    this.reports.report();
  }

  protected abstract hear(input: RouterInput): void;

  protected wall(): number {
    return this.#replica.stepper.clock.wall();
  }
}

export function claimed<V>(table: SetTable<string, V>): SetWriter<string, V> {
  return table.claim({ own: () => () => {}, self: { path: 'router' } } as never);
}

export interface NodesOptions {
  readonly nodes: number;
  readonly seed?: number;
  readonly loss?: number;
}

export class Nodes<H extends Home> {
  readonly replicas: Replicas;
  readonly homes = new Map<string, H>();

  constructor(
    options: NodesOptions,
    name: string,
    prefixes: ReplicasOptions['prefixes'],
    home: (replica: Replica) => H,
    family: (home: H) => Family,
  ) {
    this.replicas = new Replicas({
      ...options,
      prefixes,
      children: (replica) => {
        const at = home(replica);
        this.homes.set(replica.name, at);
        const { store, state } = replica;
        const { agent: mailbox, changes, pending, count } = at;
        const shared = { realm: REALM, mailbox, pending, changes, store, state, count };
        return [worker(name, replicator({ ...shared, family: family(at) }))];
      },
    });
    for (const node of this.replicas.nodes) this.replicas.up(node);
    this.advance(500);
  }

  home(index: number): H {
    return this.homes.get(`n${index}`)!;
  }

  advance(ms: number): void {
    for (let left = ms; left > 0; left -= 20) {
      this.replicas.advance(20);
      for (const { name } of this.replicas.living) this.homes.get(name)!.listen();
    }
  }

  settle(): void {
    this.advance(3_000);
    this.replicas.settle();
    this.advance(500);
  }
}
