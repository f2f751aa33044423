/**
 * Throughput, latency and memory of the whole router under a load generator, beside reference relays measured in the
 * same interleaved run. Prints the table of bench/RESULTS.md.
 *
 *   node dist/bench/load.js --wampload DIR [--runs 3] [--seconds 3] [--only TEXT] [--out FILE]
 *
 * DIR holds the `wampload` binary and `reference/` relays. Router on core 0, generator on core 1.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';

const run = promisify(execFile);

const { values: options } = parseArgs({
  options: {
    wampload: { type: 'string' },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    out: { type: 'string' },
  },
});

type Wire = 'rawsocket' | 'websocket';
type Reference = 'node-relay.js' | 'ws-json-relay.js';

interface Case {
  readonly name: string;
  readonly wire: Wire;
  readonly serializer: 'msgpack' | 'json';
  readonly mode: readonly string[];
  readonly figure: Figure;
  /** In a realm with users and grants, one of which allows it; else in one that is open. */
  readonly isSecured?: boolean;
  /** Ratio to node-relay that must not be undercut (or exceeded, for latency and memory). */
  readonly floor: number;
}

interface Figure {
  readonly unit: string;
  readonly of: (report: Report) => number;
}

type Report = Readonly<Record<string, number>> & { readonly latency_us?: { readonly p50: number } };

const CALLS: Figure = { unit: 'calls/s', of: (report) => report['calls_per_s'] };
const EVENTS: Figure = { unit: 'events/s', of: (report) => report['events_per_s'] };
const P50: Figure = { unit: 'µs p50', of: (report) => report.latency_us?.p50 ?? NaN };
const SESSIONS: Figure = { unit: 'sessions/s', of: (report) => report['sessions_per_s'] };
const KB_EACH: Figure = { unit: 'KB RSS each', of: (report) => report['rss_kb_per_session'] };
const CYCLES: Figure = { unit: 'cycles/s', of: (report) => report['cycles_per_s'] };

const RAW = { wire: 'rawsocket', serializer: 'msgpack' } as const;
const WS = { wire: 'websocket', serializer: 'json' } as const;
const words = (text: string): readonly string[] => text.split(' ');

const OPEN_CASES: readonly Case[] = [
  {
    name: 'RPC, 8 callers × 16',
    ...RAW,
    mode: words('rpc --callers 8 --callees 4 --window 16'),
    figure: CALLS,
    floor: 0.5,
  },
  {
    name: 'RPC, 8 callers × 16',
    ...WS,
    mode: words('rpc --callers 8 --callees 4 --window 16'),
    figure: CALLS,
    floor: 0.35,
  },
  {
    name: 'RPC, 64 callers × 1',
    ...RAW,
    mode: words('rpc --callers 64 --callees 4 --window 1'),
    figure: CALLS,
    floor: 0.75,
  },
  {
    name: 'RPC, 1 × 1',
    ...RAW,
    mode: words('rpc --callers 1 --callees 1 --window 1'),
    figure: P50,
    floor: 1.2,
  },
  {
    name: 'RPC, 16 KiB, 4 × 4',
    ...RAW,
    mode: words('rpc --callers 4 --callees 4 --window 4 --payload 16384'),
    figure: CALLS,
    floor: 0.6,
  },
  {
    name: 'fan-out, 1 × 16 → 10',
    ...RAW,
    mode: words('pubsub --pubs 1 --subs 10 --window 16'),
    figure: EVENTS,
    floor: 0.45,
  },
  {
    name: 'fan-out, 1 × 16 → 10',
    ...WS,
    mode: words('pubsub --pubs 1 --subs 10 --window 16'),
    figure: EVENTS,
    floor: 0.3,
  },
  {
    name: 'pub/sub 1:1, 4 × 16 on 4 topics',
    ...RAW,
    mode: words('pubsub --pubs 4 --subs 4 --topics 4 --window 16'),
    figure: EVENTS,
    floor: 0.45,
  },
  {
    name: 'sessions opened',
    ...RAW,
    mode: words('connect --sessions 15000'),
    figure: SESSIONS,
    floor: 0.7,
  },
  {
    name: 'memory of a session',
    ...RAW,
    mode: words('connect --sessions 15000'),
    figure: KB_EACH,
    floor: 20,
  },
  {
    name: 'churn',
    ...RAW,
    mode: words('churn --slots 50 --ops register,subscribe'),
    figure: CYCLES,
    floor: 0.5,
  },
];

/** What the authorizer, and sources of anonymous sessions, cost: the same work where a policy decides. */
const SECURED = new Set(['RPC, 8 callers × 16', 'fan-out, 1 × 16 → 10', 'sessions opened']);

const CASES: readonly Case[] = OPEN_CASES.flatMap((each) =>
  SECURED.has(each.name) && each.wire === 'rawsocket'
    ? [each, { ...each, name: `${each.name}, with grants`, isSecured: true }]
    : [each],
);

/** For `security.config_file`: realm1 with a thousand grants of others and one of whoever comes in. */
const BOOTSTRAP = [
  {
    uri: 'realm1',
    authmethods: ['anonymous'],
    security_enabled: true,
    groups: [{ name: 'others' }],
    sources: [{ usernames: ['anonymous'], authmethod: 'anonymous', cidr: '127.0.0.0/8' }],
    grants: [
      {
        permissions: ['wamp.register', 'wamp.call', 'wamp.subscribe', 'wamp.publish'],
        roles: ['anonymous'],
        uri: 'com.bench',
        match: 'prefix',
      },
      ...Array.from({ length: 1_000 }, (_, i) => ({
        ...{ permissions: ['wamp.call'], roles: ['others'], uri: `com.other.p${i}` },
        match: 'exact',
      })),
    ],
  },
];

const PORT = { relay: 19113, wsRelay: 19112, websocket: 19080, rawsocket: 19082, admin: 19081 };

interface Target {
  readonly name: string;
  readonly command: readonly string[];
  readonly port: number;
  readonly url: (wire: Wire) => string;
}

function bondy(bootstrap?: string): Target {
  const settings = [
    `api_gateway.http.port=${PORT.websocket}`,
    `wamp.tcp.port=${PORT.rawsocket}`,
    `admin_api.http.port=${PORT.admin}`,
    'store.engine=memory',
    ...(bootstrap === undefined ? [] : [`security.config_file=${bootstrap}`]),
  ].flatMap((setting) => ['--set', setting]);
  return {
    name: 'bondy-ts',
    command: [join('dist', 'bin', 'bondy.js'), 'start', ...settings],
    port: PORT.rawsocket,
    url: (wire) =>
      wire === 'rawsocket'
        ? `rs://127.0.0.1:${PORT.rawsocket}`
        : `ws://127.0.0.1:${PORT.websocket}/ws`,
  };
}

function reference(file: Reference, directory: string): Target {
  const port = file === 'node-relay.js' ? PORT.relay : PORT.wsRelay;
  const scheme = file === 'node-relay.js' ? 'rs' : 'ws';
  return {
    name: file.replace('.js', ''),
    command: [join(directory, 'reference', file), String(port)],
    port,
    url: () => `${scheme}://127.0.0.1:${port}`,
  };
}

async function main(): Promise<void> {
  const directory = options.wampload;
  if (!directory) throw new Error('say where the load generator is: --wampload DIR');
  const relay = reference('node-relay.js', directory);
  const wsRelay = reference('ws-json-relay.js', directory);
  const folder = mkdtempSync(join(tmpdir(), 'bondy-load-'));
  const bootstrap = join(folder, 'realms.json');
  writeFileSync(bootstrap, JSON.stringify(BOOTSTRAP));
  const lines = [
    `Node ${process.version}, ${cpus()[0].model}, ${cpus().length} cores; router on core 0, generator on core 1;`,
    `${options.runs} interleaved runs of ${options.seconds} s, median (min–max); ratio = median of the pairwise ratios to node-relay.`,
    '',
    '| work | wire | bondy-ts | node-relay | ws-json-relay | ratio | floor | |',
    '|---|---|---|---|---|---|---|---|',
  ];
  console.log(lines.join('\n'));
  for (const work of CASES) {
    if (options.only && !`${work.name} ${work.wire}`.includes(options.only)) continue;
    const row = await measure(
      work,
      bondy(work.isSecured ? bootstrap : undefined),
      relay,
      wsRelay,
      directory,
    );
    lines.push(row);
    console.log(row);
  }
  rmSync(folder, { recursive: true });
  if (options.out) writeFileSync(options.out, `${lines.join('\n')}\n`);
}

async function measure(
  work: Case,
  router: Target,
  relay: Target,
  wsRelay: Target,
  directory: string,
): Promise<string> {
  const figures: Record<string, number[]> = {};
  const targets = work.wire === 'websocket' ? [router, relay, wsRelay] : [router, relay];
  for (let i = 0; i < Number(options.runs); i++) {
    for (const target of targets) {
      // node-relay speaks only rawsocket msgpack: it is the common reference of every row.
      const wire = target === relay ? RAW : { wire: work.wire, serializer: work.serializer };
      const report = await runOnce(target, work, wire, directory);
      (figures[target.name] ??= []).push(work.figure.of(report));
    }
  }
  const mine = figures[router.name];
  const ratio = median(mine.map((value, i) => value / figures[relay.name][i]));
  const isCost = work.figure === P50 || work.figure === KB_EACH;
  const held =
    work.figure === KB_EACH
      ? median(mine) <= work.floor
      : isCost
        ? ratio <= work.floor
        : ratio >= work.floor;
  const floor =
    work.figure === KB_EACH ? `≤ ${work.floor} KB` : `${isCost ? '≤ ' : ''}${work.floor}`;
  return `| ${[
    work.name,
    `${work.wire} ${work.serializer}`,
    show(mine, work.figure),
    show(figures[relay.name], work.figure),
    figures[wsRelay.name] ? show(figures[wsRelay.name], work.figure) : '',
    ratio.toFixed(2),
    floor,
    held ? 'held' : 'MISSED',
  ].join(' | ')} |`;
}

async function runOnce(
  target: Target,
  work: Case,
  wire: { wire: Wire; serializer: string },
  directory: string,
): Promise<Report> {
  const router = await start(target);
  try {
    const args = [
      '-c',
      '1',
      join(directory, 'wampload'),
      ...work.mode,
      '--url',
      target.url(wire.wire),
      '--serializer',
      wire.serializer,
      '--duration',
      options.seconds,
      '--router-pid',
      String(router.pid),
      '--json',
    ];
    const { stdout } = await run('taskset', args).catch(
      (error: Error & { stdout?: string; code?: number }) => {
        throw new Error(
          `${target.name}, ${work.name}: wampload says ${error.stdout ?? error.message}`,
        );
      },
    );
    return JSON.parse(stdout) as Report;
  } finally {
    const ended = once(router, 'exit');
    router.kill('SIGKILL');
    await ended;
  }
}

async function start(target: Target): Promise<ChildProcess> {
  const child = spawn('taskset', ['-c', '0', process.execPath, ...target.command], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`${target.name} ended at once`);
    if (await answers(target.port)) return child;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  throw new Error(`${target.name} does not listen on ${target.port}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function show(values: readonly number[], figure: Figure): string {
  const text = (value: number): string =>
    value >= 1000 ? `${(value / 1000).toFixed(value >= 10_000 ? 0 : 1)} k` : value.toFixed(1);
  return `${text(median(values))} ${figure.unit} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}

await main();
