/** A real kernel with a small tree and the admin server: what the page is looked at with. */
import { admin } from '../../actors/admin/admin.actor.ts';
import { ADMIN_DEFAULTS, type AdminConfig } from '../../actors/admin/config.ts';
import type { Definition, Name } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import { boot } from '../../runtime/kernel/boot.ts';
import type { Kernel } from '../../runtime/kernel/kernel.ts';
import { NactScheduler } from '../../runtime/kernel/nact-scheduler.ts';
import type { SupervisorMessage, SupervisorSpec } from '../../runtime/kernel/supervision.ts';
import { Metrics } from '../../runtime/metrics/metrics.ts';

const MANY: Name<SupervisorMessage<string>> = name('many');
const WORKER: Name<'work' | 'fail'> = name('worker');

export interface SmallNode {
  readonly kernel: Kernel;
  readonly port: number;
  readonly faults: unknown[];
  /** Starts children of the dynamic supervisor `root/many`. */
  startMany(ids: readonly string[]): void;
  /** Makes `root/things/worker` handle messages. */
  work(messages: number): void;
  /** Makes `root/things/worker` throw. */
  fail(): void;
}

/** Ids of actors that would be markup if the page let them. */
export const HOSTILE_IDS = [
  '<img src=x onerror="window.pwned=1">',
  '</span><script>window.pwned=1</script>',
  '"><b id="injected">bold</b>',
];

export async function startSmallNode(settings: Partial<AdminConfig> = {}): Promise<SmallNode> {
  const faults: unknown[] = [];
  let port = 0;
  const adminChild = admin(
    { ...ADMIN_DEFAULTS, port: 0, tickMs: 200, changeDelayMs: 20, ...settings },
    {
      kernel: () => kernel,
      metrics: new Metrics({ processMetrics: false }),
      isReady: () => ({ ready: true, why: [] }),
      nodeName: 'small@127.0.0.1',
      version: '1.2.3',
      log: (_level, event, fields) => void faults.push({ event, ...fields }),
      onListening: (_section, bound) => void (port = bound),
    },
  );
  const kernel = boot({
    root: tree(adminChild as Definition<never>),
    scheduler: new NactScheduler({ onFault: (error) => void faults.push(error) }),
    log: { crash: () => undefined, event: () => undefined },
  });
  await kernel.started;
  return {
    kernel,
    port,
    faults,
    startMany: (ids) => {
      const many = kernel.whereis(MANY);
      for (const argument of ids) many?.cast({ kind: 'start_child', argument });
    },
    work: (messages) => {
      for (let i = 0; i < messages; i += 1) kernel.whereis(WORKER)?.cast('work');
    },
    fail: () => void kernel.whereis(WORKER)?.cast('fail'),
  };
}

function tree(adminChild: Definition<never>): SupervisorSpec {
  const patient = { restarts: 1_000, periodMs: 1_000 };
  return {
    kind: 'supervisor',
    strategy: 'one_for_one',
    intensity: patient,
    children: () => [
      {
        id: 'things',
        start: {
          kind: 'supervisor',
          strategy: 'one_for_one',
          intensity: patient,
          children: () => [
            { id: 'worker', start: worker as Definition<never> },
            ...HOSTILE_IDS.map((id) => ({ id, start: idle })),
          ],
        },
      },
      {
        id: 'many',
        start: {
          kind: 'supervisor',
          strategy: 'simple_one_for_one',
          name: MANY.name,
          child: (id: string) => ({ id, start: idle, restart: 'temporary' }),
        },
      },
      { id: 'admin', start: adminChild },
    ],
  };
}

const idle: Definition<never> = { init: () => ({ handle: () => undefined }) };

const worker: Definition<'work' | 'fail'> = {
  mailbox: { limit: 100_000, onFull: 'refuse' },
  init: (context) => {
    context.register(WORKER);
    return {
      handle: (message) => {
        if (message === 'fail') throw new Error('asked to <b>fail</b>');
      },
    };
  },
};
