/** The handshake as a machine: who gets through, and what every tampering ends in. Deterministic, no sockets. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type {
  Admit,
  HandshakeSelf,
  HandshakeStep,
} from '../../../../runtime/net/peer/handshake.ts';
import { Handshake } from '../../../../runtime/net/peer/handshake.ts';
import {
  HANDSHAKE_BYTES,
  parseHandshake,
} from '../../../../runtime/net/peer/handshake-messages.ts';
import { handshakeTools } from '../../../../runtime/net/peer/handshake-tools.ts';

const SECRET = 'a secret of enough characters';
const PLAN = {
  purpose: { channel: 'control', slot: 0, session: undefined },
  parallelism: [1, 1, 2, 1],
} as const;

function self(name: string, more: Partial<HandshakeSelf> = {}): HandshakeSelf {
  return {
    node: { name, incarnation: 3 },
    instance: `of ${name}`,
    cluster: 'c',
    versions: { min: 1, max: 1 },
    hasSecret: true,
    binding: new Uint8Array(0),
    ...more,
  };
}

interface Side {
  readonly self?: Partial<HandshakeSelf>;
  readonly secret?: string;
  readonly admit?: Admit;
}

type Tamper = (bytes: Uint8Array, index: number) => Uint8Array;

interface Talk {
  readonly dialler: HandshakeStep | undefined;
  readonly acceptor: HandshakeStep | undefined;
  readonly said: readonly Uint8Array[];
}

/** Both machines, message by message; what each ended in. */
function talk(a: Side = {}, b: Side = {}, tamper: Tamper = (bytes) => bytes): Talk {
  const admitted = (): undefined => undefined;
  const one = (
    name: string,
    { self: more, secret = SECRET, admit = admitted }: Side,
    plan?: typeof PLAN,
  ) => new Handshake(self(name, more), handshakeTools(secret), admit, plan);
  const sides = [one('a', a, PLAN), one('b', b)];
  const ends: (HandshakeStep | undefined)[] = [undefined, undefined];
  const said: Uint8Array[] = [];
  const queue: [number, HandshakeStep][] = sides[0].start().map((step) => [1, step]);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [to, step] = next;
    if (step.kind !== 'send') {
      ends[1 - to] = step;
      continue;
    }
    const bytes = tamper(step.bytes, said.length);
    said.push(bytes);
    queue.push(...sides[to].receive(bytes).map((each): [number, HandshakeStep] => [1 - to, each]));
  }
  return { dialler: ends[0], acceptor: ends[1], said };
}

function refusedAs(step: HandshakeStep | undefined): string {
  return step?.kind === 'refused' ? `${step.reason} by ${step.by}` : String(step?.kind);
}

describe('a handshake', () => {
  test('tells both who the other is, and gives the link one name', () => {
    const { dialler, acceptor } = talk();
    assert(dialler?.kind === 'established' && acceptor?.kind === 'established');
    assert.equal(dialler.result.session, acceptor.result.session);
    assert.deepEqual(dialler.result.peer.node, { name: 'b', incarnation: 3 });
    assert.deepEqual(acceptor.result.peer.node, { name: 'a', incarnation: 3 });
    assert.deepEqual(acceptor.result.parallelism, [1, 1, 2, 1]);
    const again = talk();
    assert(again.dialler?.kind === 'established');
    assert.notEqual(again.dialler.result.session, dialler.result.session);
  });

  test('agrees on the highest common version, and names ranges that are apart', () => {
    const ranges = fc.tuple(fc.nat(5), fc.nat(5)).map(([min, more]) => ({ min, max: min + more }));
    fc.assert(
      fc.property(ranges, ranges, (one, other) => {
        const { dialler, acceptor } = talk(
          { self: { versions: one } },
          { self: { versions: other } },
        );
        const common = Math.min(one.max, other.max);
        if (common >= Math.max(one.min, other.min)) {
          assert(dialler?.kind === 'established' && dialler.result.version === common);
        } else {
          assert.equal(refusedAs(acceptor), 'version by us');
          assert.equal(refusedAs(dialler), 'version by peer');
          assert(dialler?.kind === 'refused');
          assert(dialler.text.includes(`${other.min}-${other.max}`), dialler.text);
        }
      }),
    );
  });

  test('fails for whoever does not know the secret, dialler or acceptor', () => {
    const { dialler, acceptor } = talk({ secret: 'guessed' });
    assert.equal(refusedAs(acceptor), 'authentication by us');
    assert.equal(refusedAs(dialler), 'authentication by peer');
    // An acceptor that lets everybody in is found out by its own MAC.
    const open = { equal: () => true };
    const impostor = new Handshake(
      self('b'),
      { ...handshakeTools('guessed'), ...open },
      () => undefined,
    );
    const honest = new Handshake(self('a'), handshakeTools(SECRET), () => undefined, PLAN);
    const say = (steps: readonly HandshakeStep[]): Uint8Array => {
      assert(steps[0].kind === 'send');
      return steps[0].bytes;
    };
    const proof = say(honest.receive(say(impostor.receive(say(honest.start())))));
    const end = honest.receive(say(impostor.receive(proof))).at(-1);
    assert.equal(refusedAs(end), 'authentication by us');
  });

  test('fails when any byte of any message was changed on the way', () => {
    fc.assert(
      fc.property(fc.nat(3), fc.nat(), fc.integer({ min: 1, max: 255 }), (index, at, flip) => {
        const { dialler, acceptor } = talk({}, {}, (bytes, i) => {
          if (i !== index) return bytes;
          const changed = new Uint8Array(bytes);
          changed[at % changed.length] ^= flip;
          return changed;
        });
        // The last message may be lost on the dialler only: then it does not go on.
        assert.notEqual(dialler?.kind, 'established');
        if (index < 3) assert.notEqual(acceptor?.kind, 'established');
      }),
      { numRuns: 500 },
    );
  });

  test('of one TLS session is of no use in another', () => {
    const { acceptor } = talk(
      { self: { binding: Uint8Array.of(1) } },
      { self: { binding: Uint8Array.of(2) } },
    );
    assert.equal(refusedAs(acceptor), 'authentication by us');
  });

  test('cannot be talked down to no secret', () => {
    const bare = { self: { hasSecret: false } };
    assert.equal(refusedAs(talk(bare).acceptor), 'authentication by us');
    assert.equal(refusedAs(talk({}, bare).acceptor), 'authentication by us');
  });

  test('asks for admission when the peer is proved, and as dialler before it says a proof', () => {
    const asked: string[] = [];
    const admit: Admit = ({ node }, _purpose, isDialler) => {
      asked.push(`${node.name} ${isDialler}`);
      return undefined;
    };
    talk({ admit, secret: 'guessed' }, { admit });
    assert.deepEqual(asked, ['b true']);
    const { dialler, acceptor, said } = talk({}, { admit: () => 'not_admitted' });
    assert.equal(refusedAs(acceptor), 'not_admitted by us');
    assert.equal(refusedAs(dialler), 'not_admitted by peer');
    assert.equal(said.length, 4);
  });

  test('says no secret, and nothing that is longer than it may be', () => {
    const { said } = talk();
    assert.equal(said.length, 4);
    for (const bytes of said) {
      assert(bytes.length <= HANDSHAKE_BYTES);
      assert(!Buffer.from(bytes).includes(SECRET));
    }
  });

  test('never throws, whatever it is told at whatever step', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), fc.boolean(), (words, dials) => {
        const plan = dials ? PLAN : undefined;
        const machine = new Handshake(self('a'), handshakeTools(SECRET), () => undefined, plan);
        machine.start();
        for (const bytes of words) {
          parseHandshake(bytes);
          machine.receive(bytes);
        }
      }),
    );
  });
});
