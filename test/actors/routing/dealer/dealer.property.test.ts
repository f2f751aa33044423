/**
 * Random conversations between callers and callees, with time passing, sessions leaving, frames failing and the
 * router dying, against what every client may rely on: each request gets exactly one final answer, nothing comes
 * after it, and no callee has more than its concurrency to work on.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Request } from '../../../../actors/routing/api.ts';
import type { SendResult } from '../../../../runtime/net/connection.ts';
import type { Dict, Id, RouterMessage } from '../../../../runtime/wamp/message.ts';
import {
  CALL,
  CANCEL,
  EMPTY,
  ERROR,
  INTERRUPT,
  INVOCATION,
  NO_PAYLOAD,
  REGISTER,
  REGISTERED,
  RESULT,
  UNREGISTER,
  UNREGISTERED,
  YIELD,
} from '../../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../../runtime/wamp/uris.ts';
import type { TestMember } from '../support.ts';
import { ALL_FEATURES, NO_FEATURES, testMember } from '../support.ts';
import { Rpc } from './rpc.ts';

const URIS = ['a.one', 'a.two', 'a.three'] as const;
const CONCURRENCY = 2;

type Step =
  | { readonly kind: 'call'; readonly who: number; readonly uri: string; readonly options: Dict }
  | {
      readonly kind: 'chunk' | 'cancel';
      readonly who: number;
      readonly nth: number;
      readonly options: Dict;
    }
  | {
      readonly kind: 'register';
      readonly who: number;
      readonly uri: string;
      readonly options: Dict;
    }
  | { readonly kind: 'unregister'; readonly who: number; readonly nth: number }
  | {
      readonly kind: 'yield' | 'decline' | 'error';
      readonly who: number;
      readonly nth: number;
      readonly options: Dict;
    }
  | { readonly kind: 'leave'; readonly who: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'fail'; readonly who: number; readonly result: SendResult | 'crash' };

const who = fc.nat(3);
const nth = fc.nat(6);
const uri = fc.constantFrom(...URIS);

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      who,
      uri,
      options: fc.constantFrom<Dict>(
        EMPTY,
        { timeout: 50 },
        { receive_progress: true },
        { progress: true },
        { timeout: 20, receive_progress: true },
        { timeout: 'x' },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('chunk' as const),
      who,
      nth,
      options: fc.constantFrom<Dict>(EMPTY, { progress: true }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      who,
      nth,
      options: fc.constantFrom<Dict>(
        { mode: 'skip' },
        { mode: 'kill' },
        { mode: 'killnowait' },
        { mode: 1 },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('register' as const),
      who,
      uri,
      options: fc.constantFrom<Dict>(
        { invoke: 'roundrobin', concurrency: CONCURRENCY },
        { invoke: 'roundrobin', concurrency: CONCURRENCY, force_reregister: true },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unregister' as const), who, nth }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'yield' as const,
        'yield' as const,
        'decline' as const,
        'error' as const,
      ),
      who,
      nth,
      options: fc.constantFrom<Dict>(EMPTY, EMPTY, { progress: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      who,
      result: fc.constantFrom<SendResult | 'crash'>(
        'too_large',
        'unencodable',
        'closed',
        'crash',
        'crash',
      ),
    }),
  },
);

/** A client as a dumb observer: it counts what it asked and what it was told. */
class Peer {
  readonly member: TestMember;
  request = 0;
  isHere = true;
  isClosed = false;
  /** Requests not answered yet, by id. */
  readonly waiting = new Map<
    Id,
    { readonly type: number; readonly uri: string; isOpen: boolean }
  >();
  readonly answered = new Set<Id>();
  /** Invocations it works on, by id, with their registration and which REGISTER they came after. */
  readonly working = new Map<Id, string>();
  readonly #registered = new Map<Id, number>();
  readonly registrations: Id[] = [];
  failNext: SendResult | 'crash' | undefined;

  constructor(id: number, canDo: boolean) {
    this.member = testMember(id, { features: canDo ? ALL_FEATURES : NO_FEATURES });
    this.member.outlet.answer = (message) => this.#receive(message);
  }

  #receive(message: RouterMessage): SendResult {
    const failure = this.failNext;
    this.failNext = undefined;
    if (failure === 'crash') throw new Error('the router dies');
    if (failure === 'closed') this.isClosed = true;
    if (this.isClosed) return 'closed'; // and it has no more to say than that it leaves
    // Only what carries a payload of others can fail on its own.
    if (failure && (message.type === RESULT || message.type === INVOCATION)) return failure;
    assert.ok(this.isHere, 'a message after the session ended');
    this.#observe(message);
    return 'sent';
  }

  #observe(message: RouterMessage): void {
    switch (message.type) {
      case RESULT:
        if (message.details['progress'] === true) {
          assert.ok(this.waiting.has(message.request), 'progress for an answered call');
          return;
        }
        return this.#answer(message.request, CALL);
      case ERROR:
        return this.#answer(message.request, message.requestType);
      case REGISTERED:
        // Slots are counted from here.
        this.#registered.set(
          message.registration,
          (this.#registered.get(message.registration) ?? 0) + 1,
        );
        this.registrations.push(message.registration);
        return this.#answer(message.request, REGISTER);
      case UNREGISTERED:
        return message.request === 0 ? undefined : this.#answer(message.request, UNREGISTER);
      case INVOCATION: {
        if (this.working.has(message.request)) return; // a further chunk
        const slots = `${message.registration} ${this.#registered.get(message.registration)}`;
        this.working.set(message.request, slots);
        const ofIt = [...this.working.values()].filter((of) => of === slots);
        assert.ok(ofIt.length <= CONCURRENCY, 'more invocations than the callee takes');
        return;
      }
      case INTERRUPT:
        if (message.options['mode'] === 'killnowait') this.working.delete(message.request);
        return;
      default:
        assert.fail(`unexpected message ${message.type}`);
    }
  }

  #answer(request: Id, type: number): void {
    const asked = this.waiting.get(request);
    assert.ok(asked, `a second answer to request ${request}`);
    assert.equal(asked.type, type);
    this.waiting.delete(request);
    this.answered.add(request);
  }
}

class World {
  readonly rpc = new Rpc();
  readonly peers = [0, 1, 2, 3].map((i) => new Peer(i + 1, i !== 3));

  run(step: Step): void {
    switch (step.kind) {
      case 'wait':
        this.rpc.now += step.ms;
        return this.#guarded(undefined, undefined, () => this.rpc.dealer.expire(this.rpc.now));
      case 'fail':
        this.peers[step.who].failNext = step.result;
        return;
      default: {
        const peer = this.peers[step.who];
        if (!peer.isHere) return;
        if (peer.isClosed) this.#act(peer, { kind: 'leave', who: step.who });
        else this.#act(peer, step);
      }
    }
  }

  #act(peer: Peer, step: Exclude<Step, { kind: 'wait' | 'fail' }>): void {
    switch (step.kind) {
      case 'leave':
        peer.isHere = false;
        peer.failNext = undefined;
        return this.#guarded(peer, undefined, () => this.rpc.dealer.leave(peer.member));
      case 'call': {
        if (step.options['progress'] === true && peer.member.features === NO_FEATURES) return;
        const request = this.#ask(peer, CALL, step.uri, step.options['progress'] === true);
        return this.#send(peer, {
          type: CALL,
          request,
          options: step.options,
          procedure: step.uri,
          payload: NO_PAYLOAD,
        });
      }
      case 'chunk': {
        const open = [...peer.waiting].filter(([, asked]) => asked.isOpen);
        if (open.length === 0) return;
        const [request, asked] = open[step.nth % open.length];
        asked.isOpen = step.options['progress'] === true;
        return this.#send(peer, {
          continues: true,
          type: CALL,
          request,
          options: step.options,
          procedure: asked.uri,
          payload: NO_PAYLOAD,
        });
      }
      case 'cancel': {
        const request = 1 + (step.nth % (peer.request + 1));
        const asked = peer.waiting.get(request);
        if (asked) asked.isOpen = false;
        return this.#send(peer, { type: CANCEL, request, options: step.options });
      }
      case 'register':
        return this.#send(peer, {
          type: REGISTER,
          request: this.#ask(peer, REGISTER, step.uri),
          options: step.options,
          procedure: step.uri,
        });
      case 'unregister': {
        const registration = peer.registrations[step.nth % peer.registrations.length] ?? 1;
        return this.#send(peer, {
          type: UNREGISTER,
          request: this.#ask(peer, UNREGISTER, ''),
          registration,
        });
      }
      case 'yield':
      case 'decline':
      case 'error': {
        const ids = [...peer.working.keys()];
        if (ids.length === 0) return;
        const request = ids[step.nth % ids.length];
        const goesOn = step.kind === 'yield' && step.options['progress'] === true;
        if (!goesOn) peer.working.delete(request);
        if (step.kind === 'yield') {
          return this.#send(peer, {
            type: YIELD,
            request,
            options: step.options,
            payload: NO_PAYLOAD,
          });
        }
        const error = step.kind === 'decline' ? ERRORS.unavailable : 'a.error';
        return this.#send(peer, {
          type: ERROR,
          requestType: INVOCATION,
          request,
          details: EMPTY,
          error,
          payload: NO_PAYLOAD,
        });
      }
    }
  }

  #ask(peer: Peer, type: number, uri: string, isOpen = false): Id {
    peer.waiting.set(++peer.request, { type, uri, isOpen });
    return peer.request;
  }

  #send(peer: Peer, request: Request): void {
    this.#guarded(peer, request, () => {
      const { dealer, now } = this.rpc;
      switch (request.type) {
        case CALL:
          return dealer.call(peer.member, request, now);
        case CANCEL:
          return dealer.cancel(peer.member, request);
        case REGISTER:
          return dealer.register(peer.member, request, 0);
        case UNREGISTER:
          return dealer.unregister(peer.member, request);
        case YIELD:
          return dealer.yield(peer.member, request, now);
        case ERROR:
          return dealer.error(peer.member, request, now);
        default:
          assert.fail();
      }
    });
  }

  /** Does it; when the router dies of it, its successor takes over. */
  #guarded(peer: Peer | undefined, request: Request | undefined, act: () => unknown): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'the router dies') throw error;
      for (const { failNext } of this.peers) if (failNext === 'crash') this.#calm();
      this.rpc.restart((member) => this.peers.some((p) => p.member === member && p.isHere));
      if (peer && request) this.rpc.dealer.interrupted(peer.member, request);
    }
  }

  /** One crash at a time: a successor that dies as well is the supervisor's business. */
  #calm(): void {
    for (const peer of this.peers) if (peer.failNext === 'crash') peer.failNext = undefined;
  }

  /** Everybody finishes; then nobody may be waiting. */
  finish(): void {
    for (const peer of this.peers) {
      peer.failNext = undefined;
      if (peer.isHere && peer.isClosed) this.#act(peer, { kind: 'leave', who: 0 });
    }
    for (let round = 0; round < 200; round++) {
      const busy = this.peers.filter((peer) => peer.isHere && peer.working.size > 0);
      if (busy.length === 0) break;
      for (const { who } of busy.map((peer) => ({ who: this.peers.indexOf(peer) }))) {
        this.run({ kind: 'error', who, nth: 0, options: EMPTY });
      }
    }
    for (const peer of this.peers) {
      if (!peer.isHere) continue;
      assert.deepEqual([...peer.waiting.keys()], [], `session ${peer.member.id} waits in vain`);
      const party = this.rpc.parties.get(peer.member);
      assert.equal(party?.calls.size ?? 0, 0);
      assert.equal(party?.invocations.size ?? 0, 0);
    }
    for (const { callees } of this.rpc.registrations.values()) {
      for (const callee of callees) assert.equal(callee.running, 0, 'a slot was lost');
    }
    assert.equal(this.rpc.dealer.nextDeadline, undefined);
    assert.deepEqual(this.rpc.effects.aborted, []);
  }
}

it('every request is answered exactly once, whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 80, size: 'max' }), (conversation) => {
      const world = new World();
      for (const step of conversation) world.run(step);
      world.finish();
    }),
    { numRuns: Number(process.env['FC_RUNS'] ?? 500) },
  );
});
