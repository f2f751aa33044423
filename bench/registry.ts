/**
 * Lookups in the pattern index at 10^3 .. 10^6 entries, and the dealer's CALL + YIELD without sockets.
 *
 *     node --expose-gc --import tsx bench/registry.ts [largest exponent]
 */
import { performance } from 'node:perf_hooks';
import type { Party } from '../actors/routing/dealer/calls.ts';
import type { Member } from '../actors/routing/api.ts';
import { DEFAULT_DEALER_CONFIG } from '../actors/routing/config.ts';
import { Dealer } from '../actors/routing/dealer/dealer.ts';
import type { MatchPolicy } from '../actors/routing/matching/patterns.ts';
import { PatternIndex } from '../actors/routing/matching/patterns.ts';
import type { Registration } from '../actors/routing/dealer/registrations.ts';
import type { Outlet } from '../runtime/net/connection.ts';
import type { Id } from '../runtime/wamp/message.ts';
import { CALL, EMPTY, NO_PAYLOAD, REGISTER, YIELD } from '../runtime/wamp/message.ts';

const LOOKUPS = 200_000;

interface Entry {
  readonly uri: string;
}

const uriOf = (i: number) => `com.shop${i % 97}.branch${i % 1009}.device${i}.get`;

const PATTERNS: Readonly<Record<MatchPolicy, (i: number) => string>> = {
  exact: uriOf,
  prefix: (i) => `com.shop${i % 97}.branch${i % 1009}.device${i}.`,
  wildcard: (i) => `com..branch${i % 1009}.device${i}.`,
};

function bench(match: MatchPolicy, size: number): void {
  const index = new PatternIndex<Entry>();
  const before = heapUsed();
  const started = performance.now();
  for (let i = 0; i < size; i++) index.add(match, PATTERNS[match](i), { uri: '' });
  const addNs = ((performance.now() - started) * 1e6) / size;
  const bytes = (heapUsed() - before) / size;
  const questions = Array.from({ length: 4096 }, (_, i) => uriOf((i * 7919) % size));
  let found = 0;
  const timed = (look: (uri: string) => void) => {
    for (let i = 0; i < LOOKUPS / 4; i++) look(questions[i & 4095]);
    const from = performance.now();
    for (let i = 0; i < LOOKUPS; i++) look(questions[i & 4095]);
    return ((performance.now() - from) * 1e6) / LOOKUPS;
  };
  const best = timed((uri) => {
    if (index.bestMatch(uri)) found++;
  });
  const every = timed((uri) => index.forEachMatch(uri, () => found++));
  if (found < LOOKUPS * 2) throw new Error(`only ${found} lookups found anything`);
  console.log(
    [match, size, ns(best), ns(every), ns(addNs), `${Math.round(bytes)} B`]
      .map((cell) => String(cell).padStart(12))
      .join(''),
  );
}

function ns(value: number): string {
  return `${Math.round(value)} ns`;
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** One CALL, INVOCATION, YIELD, RESULT; what the dealer itself costs. */
function benchDealer(procedures: number): void {
  const dealer = new Dealer({
    registrations: new Map<Id, Registration>(),
    parties: new Map<Member, Party>(),
    effects: {
      isHeard: true,
      abort() {},
      goodbye() {},
      announce() {},
      afterwards() {},
      publishAs() {},
      count() {},
    },
    random: {
      next: Math.random,
      integer: (low, high) => low + Math.floor(Math.random() * (high - low + 1)),
    },
    config: { ...DEFAULT_DEALER_CONFIG, maxRegistrationsPerSession: Infinity },
    uriRule: 'loose',
  });
  const [caller, callee] = [member(1), member(2)];
  for (let i = 0; i < procedures; i++) {
    const register = {
      type: REGISTER,
      request: i + 1,
      options: EMPTY,
      procedure: uriOf(i),
    } as const;
    dealer.register(callee, register, 0);
  }
  let request = 0;
  const roundTrip = () => {
    const procedure = uris[request & 1023];
    request++;
    dealer.call(caller, { type: CALL, request, options: EMPTY, procedure, payload: NO_PAYLOAD }, 0);
    dealer.yield(callee, { type: YIELD, request, options: EMPTY, payload: NO_PAYLOAD }, 0);
  };
  const uris = Array.from({ length: 1024 }, (_, i) => uriOf(i % procedures));
  for (let i = 0; i < LOOKUPS; i++) roundTrip();
  const from = performance.now();
  for (let i = 0; i < LOOKUPS * 5; i++) roundTrip();
  const each = ((performance.now() - from) * 1e6) / (LOOKUPS * 5);
  console.log(`dealer, ${procedures} procedures: ${ns(each)} per CALL + YIELD`);
}

function member(id: number): Member {
  const outlet: Outlet = {
    codec: undefined as never,
    send: () => 'sent',
    sendShared: () => 'sent',
    backlog: 0,
    isCongested: false,
  };
  const none = new Set<string>();
  return {
    id,
    authid: '',
    authrole: '',
    authmethod: '',
    authprovider: '',
    authextra: EMPTY,
    trustlevel: undefined,
    features: { publisher: none, subscriber: none, caller: none, callee: none },
    transport: {
      kind: 'in_process',
      batched: false,
      tls: false,
      peer: { address: '', port: 0 },
      listener: '',
    },
    outlet,
    session: undefined,
    joinedAt: 0,
    lastInvocation: 0,
  };
}

const largest = Number(process.argv[2] ?? 6);
console.log(
  ['match', 'entries', 'best', 'every', 'add', 'heap'].map((cell) => cell.padStart(12)).join(''),
);
for (const match of ['exact', 'prefix', 'wildcard'] as const) {
  for (let exponent = 3; exponent <= largest; exponent++) bench(match, 10 ** exponent);
}
benchDealer(1);
benchDealer(100_000);
