import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Member } from '../../../actors/routing/api.ts';
import type { MetaReply } from '../../../actors/routing/meta.ts';
import { announceJoin, announceLeave } from '../../../actors/routing/session-events.ts';
import { sessionProcedures } from '../../../actors/routing/session-meta.ts';
import type { Dict, Id, Value } from '../../../runtime/wamp/message.ts';
import { EMPTY } from '../../../runtime/wamp/message.ts';
import { RecordingEffects, testMember } from './support.ts';

/** Sessions 1 (the caller) to 4, as [authid, authrole]. */
const WHO: [string, string][] = [
  ['ann', 'boss'],
  ['bob', 'clerk'],
  ['ann', 'clerk'],
  ['cyd', 'boss'],
];

function setUp() {
  const effects = new RecordingEffects();
  const members = new Map<Id, Member>();
  WHO.forEach(([authid, authrole], i) => {
    members.set(i + 1, testMember(i + 1, { authid, authrole }));
  });
  const procedures = sessionProcedures({ members, effects, uriRule: 'loose', node: 'a@here' });
  const caller = members.get(1)!;
  const call = (name: string, args: readonly Value[] = [], kwargs: Dict = EMPTY): MetaReply =>
    procedures[`wamp.session.${name}`]!(args, kwargs, caller);
  const killed = () => effects.goodbyes.map(({ member }) => member.id);
  return { effects, members, call, killed };
}

function errorOf(reply: MetaReply): string | undefined {
  return 'error' in reply ? reply.error : undefined;
}

describe('wamp.session.count and list', () => {
  it('tell all sessions, or those of some roles', () => {
    const { call } = setUp();
    assert.deepEqual(call('count'), { args: [4] });
    assert.deepEqual(call('list'), { args: [[1, 2, 3, 4]] });
    assert.deepEqual(call('count', [['boss']]), { args: [2] });
    assert.deepEqual(call('list', [['clerk', 'nobody']]), { args: [[2, 3]] });
    assert.deepEqual(call('count', [[]]), { args: [0] });
    assert.deepEqual(call('count', [null]), { args: [4] });
  });

  it('refuse a filter that is no list of strings', () => {
    const { call } = setUp();
    for (const filter of ['boss', [1], { a: 1 }]) {
      assert.equal(errorOf(call('count', [filter])), 'wamp.error.invalid_argument');
    }
  });
});

describe('wamp.session.get', () => {
  it('describes a session', () => {
    const { call } = setUp();
    assert.deepEqual(call('get', [2]), {
      args: [
        {
          session: 2,
          authid: 'bob',
          authrole: 'clerk',
          authmethod: 'anonymous',
          authprovider: 'static',
          transport: {
            type: 'in_process',
            batched: false,
            tls: false,
            listener: 'test',
            peer: '127.0.0.1:0',
          },
          x_joined: '1970-01-01T00:00:00.000Z',
          x_node: 'a@here',
        },
      ],
    });
  });

  it('refuses an unknown session and what is no id', () => {
    const { call } = setUp();
    assert.equal(errorOf(call('get', [99])), 'wamp.error.no_such_session');
    for (const args of [[], ['2'], [0], [-1]]) {
      assert.equal(errorOf(call('get', args)), 'wamp.error.invalid_argument');
    }
  });
});

describe('wamp.session.kill and its family', () => {
  it('says GOODBYE with wamp.close.killed to one session', () => {
    const { call, effects, members } = setUp();
    assert.deepEqual(call('kill', [2]), {});
    assert.deepEqual(effects.goodbyes, [
      { member: members.get(2), reason: 'wamp.close.killed', details: {} },
    ]);
  });

  it('passes on the reason and the message', () => {
    const { call, effects } = setUp();
    call('kill', [2], { reason: 'com.example.bye', message: 'go home' });
    assert.equal(effects.goodbyes[0]!.reason, 'com.example.bye');
    assert.deepEqual(effects.goodbyes[0]!.details, { message: 'go home' });
  });

  it('finds no other session under the own id or an unknown one', () => {
    const { call, killed } = setUp();
    for (const id of [1, 99]) {
      assert.equal(errorOf(call('kill', [id])), 'wamp.error.no_such_session');
    }
    assert.deepEqual(killed(), []);
  });

  it('by authid answers the list of ids, by authrole and all the count, without the caller', () => {
    for (const [name, args, answer, victims] of [
      ['kill_by_authid', ['ann'], [3], [3]],
      ['kill_by_authid', ['nobody'], [], []],
      ['kill_by_authrole', ['boss'], 1, [4]],
      ['kill_by_authrole', ['clerk'], 2, [2, 3]],
      ['kill_all', [], 3, [2, 3, 4]],
    ] as const) {
      const { call, killed } = setUp();
      assert.deepEqual(call(name, args), { args: [answer] });
      assert.deepEqual(killed(), victims);
    }
  });

  for (const [name, args] of [
    ['kill', [2]],
    ['kill_by_authid', ['ann']],
    ['kill_by_authrole', ['boss']],
    ['kill_all', []],
  ] as const) {
    it(`${name} refuses a reason that is no URI and a message that is no string`, () => {
      const { call, killed } = setUp();
      for (const reason of ['', 'a b', 5, ['x'], 'x'.repeat(1025)]) {
        assert.equal(errorOf(call(name, args, { reason })), 'wamp.error.invalid_uri');
      }
      for (const message of [5, 'x'.repeat(1025)]) {
        assert.equal(errorOf(call(name, args, { message })), 'wamp.error.invalid_argument');
      }
      assert.deepEqual(killed(), []);
    });
  }

  it('refuses arguments of the wrong type', () => {
    const { call, killed } = setUp();
    for (const name of ['kill', 'kill_by_authid', 'kill_by_authrole']) {
      for (const args of [[], [null], [{}]]) {
        assert.equal(errorOf(call(name, args)), 'wamp.error.invalid_argument');
      }
    }
    assert.deepEqual(killed(), []);
  });
});

describe('the session meta events', () => {
  it('tell who joined and who left', () => {
    const effects = new RecordingEffects();
    const member = testMember(7, { authid: 'ann', authrole: 'boss' });
    announceJoin(member, effects);
    announceLeave(member, effects);
    const [join, leave] = effects.announced;
    assert.equal(join!.topic, 'wamp.session.on_join');
    assert.equal((join!.args[0] as Dict)['session'], 7);
    assert.equal((join!.args[0] as Dict)['authid'], 'ann');
    assert.deepEqual(leave, {
      topic: 'wamp.session.on_leave',
      args: [7, 'ann', 'boss'],
      kwargs: undefined,
    });
  });
});
