/** A realm on a node with a store, as supervisors/routing.ts wires it: the shipped router, agents and store on one virtual clock. */
import type { Member, RouterInput } from '../../../../actors/routing/api.ts';
import type { BrokerConfig } from '../../../../actors/routing/config.ts';
import { DEFAULT_BROKER_CONFIG, DEFAULT_DEALER_CONFIG } from '../../../../actors/routing/config.ts';
import { recordedFamily } from '../../../../actors/routing/recorded/family.ts';
import { HISTORIES } from '../../../../actors/routing/recorded/stored.ts';
import type { Family } from '../../../../actors/routing/replicated/family.ts';
import type { ReplicatorMessage } from '../../../../actors/routing/replicated/messages.ts';
import type { PendingRow } from '../../../../actors/routing/replicated/pending.ts';
import { replicator } from '../../../../actors/routing/replicated/replicator.actor.ts';
import type { RowChanges } from '../../../../actors/routing/replicated/reports.ts';
import { retainedFamily } from '../../../../actors/routing/retained/family.ts';
import { decodeRetained, RETAINED } from '../../../../actors/routing/retained/stored.ts';
import { router } from '../../../../actors/routing/router.actor.ts';
import { RealmTables } from '../../../../actors/routing/tables.ts';
import { openAuthorizer } from '../../../../actors/security/authorizer.ts';
import { KILLED } from '../../../../runtime/kernel/actor.ts';
import { Mailbox } from '../../../../runtime/kernel/mailbox.ts';
import type { ChildSpec } from '../../../../runtime/kernel/supervision.ts';
import { SetTable } from '../../../../runtime/kernel/table.ts';
import { subtree, worker } from '../../../../runtime/kernel/worker.ts';
import { codecs } from '../../../../runtime/wamp/codecs.ts';
import type { Dict, Id, RouterMessage } from '../../../../runtime/wamp/message.ts';
import { ERROR, EVENT, PUBLISH, PUBLISHED, SUBSCRIBE } from '../../../../runtime/wamp/message.ts';
import { OFTEN } from '../../../sim/store-tree.ts';
import type { Replica } from '../../store/replicas.ts';
import { Replicas } from '../../store/replicas.ts';
import type { TestMember } from '../support.ts';
import { argsOf, payloadOf, testMember } from '../support.ts';

const REALM = 'com.example.realm';

export interface StoredRealmOptions {
  readonly seed?: number;
  /** Ms a write to the disk takes. */
  readonly syncMs?: number;
  readonly broker?: Partial<BrokerConfig>;
}

export class StoredRealm {
  readonly replicas: Replicas;
  readonly counted = new Map<string, number>();
  readonly publisher: TestMember = testMember(1);
  #tables = new RealmTables();
  #mailbox = new Mailbox<RouterInput>();
  #request = 0;

  constructor(options: StoredRealmOptions = {}) {
    const { seed = 1, syncMs = 2 } = options;
    const broker = { ...DEFAULT_BROKER_CONFIG, ...options.broker };
    this.replicas = new Replicas({
      ...{ nodes: 1, seed, syncMs, prefixes: [RETAINED, ...HISTORIES] },
      children: (replica) => [
        subtree('realm', {
          ...{ kind: 'supervisor', strategy: 'rest_for_one', intensity: OFTEN },
          children: () => this.#children(replica, broker),
        }),
      ],
    });
    this.replicas.up(this.node);
    this.advance(500);
    this.join(this.publisher);
  }

  get node(): Replica {
    return this.replicas.node(0);
  }

  /** Acknowledgements that wait. */
  get waiting(): number {
    return this.#tables.pendingPublishes.size;
  }

  advance(ms: number): void {
    this.replicas.advance(ms);
  }

  join(member: Member): void {
    this.#say({ kind: 'join', member });
  }

  leave(member: Member): void {
    this.#say({ kind: 'leave', member });
  }

  /** Returns the id of the request. */
  publish(topic: string, said: string, options: Dict = {}, member = this.publisher): Id {
    const request = ++this.#request;
    const payload = payloadOf([said]);
    const all = { acknowledge: true, ...options };
    const message = { type: PUBLISH, request, options: all, topic, payload } as const;
    this.#say({ kind: 'requests', member, requests: [message], done: 0 });
    return request;
  }

  subscriberTo(topic: string): TestMember {
    const member = testMember(1000 + ++this.#request);
    this.join(member);
    const request = ++this.#request;
    const message = { type: SUBSCRIBE, request, options: {}, topic } as const;
    this.#say({ kind: 'requests', member, requests: [message], done: 0 });
    return member;
  }

  kill(child: 'router' | 'retained' | 'recorded'): void {
    this.node.kernel.exit(`root/realm/${child}`, KILLED);
  }

  count(counter: string): number {
    return this.counted.get(counter) ?? 0;
  }

  /** What the store says that the topic keeps. */
  stored(topic: string): string | undefined {
    const bytes = this.node.store.get(RETAINED.name, `${REALM} ${topic}`);
    const event = bytes && decodeRetained(topic, bytes, codecs)?.at(-1);
    return event && String(argsOf(event.payload)[0]);
  }

  /** And what it would say after a loss of power now. */
  afterPowerLoss(): void {
    this.node.crash('power');
    this.#tables = new RealmTables();
    this.#mailbox = new Mailbox<RouterInput>();
    this.node.restart();
    this.advance(500);
  }

  #say(input: RouterInput): void {
    this.#mailbox.admit(input);
    this.node.stepper.run();
  }

  #children({ store, state }: Replica, broker: BrokerConfig): readonly ChildSpec[] {
    const tables = this.#tables;
    const mailbox = this.#mailbox;
    const count = (what: string, by = 1): void => {
      this.counted.set(what, this.count(what) + by);
    };
    const shared = { router: mailbox, codecs, count };
    const agent = (id: string, family: Family, changes: RowChanges) => {
      const target = new Mailbox<ReplicatorMessage>();
      const pending = new SetTable<string, PendingRow>(id);
      const parts = { realm: REALM, mailbox: target, pending, family, changes, store, state };
      return { target, child: worker(id, replicator({ ...parts, count })) };
    };
    const { retained: rows, recorded: events, counters } = tables;
    const { storage } = broker.history;
    const retained = agent(
      'retained',
      retainedFamily({ retained: rows, ...shared }),
      counters.retained,
    );
    const recorded = agent(
      'recorded',
      recordedFamily({ storage, recorded: events, ...shared }),
      counters.recorded,
    );
    return [
      worker(
        'router',
        router({
          ...{ mailbox, tables, uriRule: 'loose', dealer: DEFAULT_DEALER_CONFIG, broker },
          ...{ authorizer: openAuthorizer(true), codecs, count },
          stored: { node: 'n0', retained: retained.target, recorded: recorded.target },
        }),
      ),
      retained.child,
      recorded.child,
    ];
  }
}

/** Each message in a few words. */
export function said({ outlet }: TestMember): readonly string[] {
  return outlet.take().map(words);
}

function words(message: RouterMessage): string {
  switch (message.type) {
    case PUBLISHED:
      return `published ${message.request}`;
    case ERROR:
      return `${message.error} ${message.request}`;
    case EVENT:
      return `event ${String(argsOf(message.payload)[0])}`;
    default:
      return `type ${message.type}`;
  }
}
