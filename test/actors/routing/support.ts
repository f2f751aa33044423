/** Members without sockets: their outlets record what they are sent and fail when told to. */
import type { Member, PeerFeatures } from '../../../actors/routing/api.ts';
import type { RoutingEffects } from '../../../actors/routing/effects.ts';
import type { RandomSource } from '../../../runtime/kernel/actor.ts';
import type { Outlet, SendResult } from '../../../runtime/net/connection.ts';
import type { SharedFrame } from '../../../runtime/net/shared-frame.ts';
import type { Codec } from '../../../runtime/wamp/codec.ts';
import { Unencodable } from '../../../runtime/wamp/codec.ts';
import type { Dict, Payload, RouterMessage, Value } from '../../../runtime/wamp/message.ts';
import { EMPTY, NO_PAYLOAD } from '../../../runtime/wamp/message.ts';

/** A codec for payloads only; envelopes never become bytes in these tests. */
const payloadCodec: Codec = {
  id: 'json',
  decode: () => {
    throw new Error('these tests decode nothing');
  },
  encode: () => {
    throw new Error('these tests encode nothing');
  },
  read: (payload) => {
    const text = Buffer.from(payload.bytes.subarray(payload.start, payload.end)).toString();
    const read: unknown = payload.items === 0 ? [] : JSON.parse(`[${text}]`);
    const [args = [], kwargs = EMPTY] = read as [Value[]?, Dict?];
    if (!Array.isArray(args)) return new Unencodable('args must be a list');
    return { args, kwargs };
  },
  payload: (args, kwargs) => {
    const hasKwargs = kwargs !== undefined && Object.keys(kwargs).length > 0;
    if (!hasKwargs && (args === undefined || args.length === 0)) return NO_PAYLOAD;
    const list = JSON.stringify(args ?? []);
    const bytes = Buffer.from(hasKwargs ? `${list},${JSON.stringify(kwargs)}` : list);
    return { format: 'json', bytes, start: 0, end: bytes.length, items: hasKwargs ? 2 : 1 };
  },
};

export function payloadOf(args: readonly Value[], kwargs?: Dict): Payload {
  return payloadCodec.payload(args, kwargs);
}

export function argsOf(payload: Payload): readonly Value[] {
  const read = payloadCodec.read(payload);
  return read instanceof Unencodable ? [] : read.args;
}

export class RecordingOutlet implements Outlet {
  readonly codec = payloadCodec;
  backlog = 0;
  isCongested = false;
  /** Everything that was sent, in order. */
  readonly sent: RouterMessage[] = [];
  /** What each send answers; anything but `sent` records nothing. */
  answer: (message: RouterMessage) => SendResult = () => 'sent';

  send(message: RouterMessage): SendResult {
    const result = this.answer(message);
    if (result === 'sent') this.sent.push(message);
    return result;
  }

  sendShared(frame: SharedFrame): SendResult {
    return this.send(frame.message);
  }

  /** What was sent since the last take. */
  take(): RouterMessage[] {
    return this.sent.splice(0);
  }
}

export interface TestMember extends Member {
  readonly outlet: RecordingOutlet;
}

export const ALL_FEATURES: PeerFeatures = {
  publisher: new Set([
    'publisher_identification',
    'publisher_exclusion',
    'subscriber_blackwhite_listing',
    'payload_passthru_mode',
  ]),
  subscriber: new Set([
    'publisher_identification',
    'publication_trustlevels',
    'pattern_based_subscription',
    'subscription_revocation',
    'sharded_subscription',
    'payload_passthru_mode',
  ]),
  caller: new Set([
    'caller_identification',
    'call_canceling',
    'call_timeout',
    'progressive_call_results',
    'progressive_call_invocations',
    'payload_passthru_mode',
  ]),
  callee: new Set([
    'caller_identification',
    'call_canceling',
    'call_timeout',
    'call_trustlevels',
    'call_reroute',
    'progressive_call_results',
    'progressive_call_invocations',
    'pattern_based_registration',
    'shared_registration',
    'registration_revocation',
    'sharded_registration',
    'payload_passthru_mode',
  ]),
};

/** All four roles, none with a feature. */
export const NO_FEATURES: PeerFeatures = {
  publisher: new Set(),
  subscriber: new Set(),
  caller: new Set(),
  callee: new Set(),
};

export function testMember(id: number, over: Partial<Omit<Member, 'id' | 'outlet'>> = {}) {
  const member: TestMember = {
    id,
    authid: `user-${id}`,
    authrole: 'anonymous',
    authmethod: 'anonymous',
    authprovider: 'static',
    authextra: EMPTY,
    trustlevel: undefined,
    features: ALL_FEATURES,
    transport: {
      kind: 'in_process',
      batched: false,
      tls: false,
      peer: { address: '127.0.0.1', port: 0 },
      listener: 'test',
    },
    session: undefined,
    joinedAt: 0,
    lastInvocation: 0,
    ...over,
    outlet: new RecordingOutlet(),
  };
  return member;
}

export class RecordingEffects implements RoutingEffects {
  readonly isHeard = true;
  readonly aborted: { member: Member; reason: string; detail: string }[] = [];
  readonly goodbyes: { member: Member; reason: string; details: Dict }[] = [];
  readonly announced: { topic: string; args: readonly Value[]; kwargs: Dict | undefined }[] = [];
  readonly published: { member: Member; topic: string; options: Dict; payload: Payload }[] = [];
  readonly counters = new Map<string, number>();

  abort(member: Member, reason: string, detail: string): void {
    this.aborted.push({ member, reason, detail });
  }
  goodbye(member: Member, reason: string, details: Dict): void {
    this.goodbyes.push({ member, reason, details });
  }
  afterwards(task: () => void): void {
    task();
  }
  announce(topic: string, args: readonly Value[], kwargs?: Dict): void {
    this.announced.push({ topic, args, kwargs });
  }
  publishAs(member: Member, topic: string, options: Dict, payload: Payload): void {
    this.published.push({ member, topic, options, payload });
  }
  count(counter: string, by = 1): void {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + by);
  }
}

/** A small seeded generator (mulberry32). */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, integer: (low, high) => low + Math.floor(next() * (high - low + 1)) };
}
