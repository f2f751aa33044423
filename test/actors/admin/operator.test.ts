/** The routes that change a node: who may, what a request must look like, and what comes back. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Operation, OperationOutcome, Operator } from '../../../actors/admin/operations.ts';
import { readAddress, refused } from '../../../actors/admin/operations.ts';
import type { Caller } from '../../../actors/management/api.ts';
import type { AdminDeps } from '../../../actors/admin/admin.actor.ts';
import type { Verdict } from '../../../actors/security/api.ts';
import { node, runAdmin, StagedKernel, type RunningAdmin } from './stage.ts';

const TOKEN = 'a1b2c3';
const PASSWORD = 'correct horse battery';
const JSON_TYPE = { 'content-type': 'application/json' };
const GRANTED = { ...JSON_TYPE, authorization: `Bearer ${TOKEN}` };

const running: RunningAdmin[] = [];
after(() => running.forEach((admin) => admin.close()));

async function start(outcome: OperationOutcome = { kind: 'done', report: { fine: true } }) {
  const performed: Operation[] = [];
  const callers: Caller[] = [];
  const operator: Operator = {
    perform: (operation, caller, answer) => {
      performed.push(operation);
      callers.push(caller);
      setImmediate(() => answer(outcome));
    },
  };
  const kernel = new StagedKernel(node('root')).asKernel();
  const admin = await runAdmin(kernel, {}, { operator, login: LOGIN });
  running.push(admin);
  return { admin, performed, callers };
}

/** Whose names are what they are granted; all have the same password. */
const LOGIN: AdminDeps['login'] = {
  masterRealm: 'com.leapsight.bondy',
  authenticator: {
    attempt: () => {
      let username = '';
      return {
        begin: ({ authid = '' }) => {
          username = authid;
          return { kind: 'challenge', method: 'password', extra: {} };
        },
        answer: (secret) =>
          secret === PASSWORD ? welcome(username) : { kind: 'refused', reason: 'no', detail: 'no' },
      };
    },
  },
  policy: {
    user: () => undefined,
    methodsFrom: () => [],
    allows: (_realm, { username }, permission, uri, match) =>
      username === uri && permission === 'wamp.call' && match === 'exact',
  },
  mayStay: () => true,
  isOperatorToken: (token) => token === TOKEN,
  digest: (text) => text,
  now: () => 0,
};

function welcome(username: string): Verdict {
  const subject = { username, groups: undefined, isVouchedFor: false };
  const principal = { authid: username, authrole: 'x', authmethod: 'password', subject };
  return { kind: 'welcome', principal: { ...principal, authprovider: 'static', authextra: {} } };
}

async function post(
  { port }: RunningAdmin,
  path: string,
  body: string | undefined = '{}',
  headers: Readonly<Record<string, string>> = GRANTED,
  method = 'POST',
) {
  const init = { method, headers, ...(method === 'POST' && { body }) };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: JSON.parse(text) };
}

describe('an operation', () => {
  test('is read from its route and body, and its report is the answer', async () => {
    const { admin, performed } = await start();
    const asked = [
      ['/cluster/join', '{"address":"node2:18086"}'],
      ['/cluster/join', '{"address":"[::1]:1"}'],
      ['/cluster/leave', '{}'],
      ['/cluster/members/bondy%40node2/remove', '{}'],
      ['/cluster/members/bondy%40node2/remove', '{"force":true}'],
      ['/store/check', '{}'],
      ['/store/repair', '{}'],
    ] as const;
    for (const [path, body] of asked) {
      const { status, json } = await post(admin, path, body);
      assert.deepEqual([status, json], [200, { fine: true }], path);
    }
    assert.deepEqual(performed, [
      { kind: 'join', address: { host: 'node2', port: 18086 } },
      { kind: 'join', address: { host: '::1', port: 1 } },
      { kind: 'leave' },
      { kind: 'remove', name: 'bondy@node2', isForced: false },
      { kind: 'remove', name: 'bondy@node2', isForced: true },
      { kind: 'check_store' },
      { kind: 'repair_store' },
    ]);
    assert.equal(admin.metrics.counters.value('admin_operations'), asked.length);
  });

  test('that is refused is an error with its sentence', async () => {
    const { admin } = await start(refused(409, 'still_up', 'It is up.'));
    const { status, json } = await post(admin, '/cluster/members/a/remove');
    assert.deepEqual(
      [status, json],
      [409, { code: 'still_up', message: 'It is up.', description: 'It is up.' }],
    );
  });

  test('is performed for whoever is granted it, and for nobody else', async () => {
    const { admin, performed, callers } = await start();
    const asked = [
      ['cluster.join', '/cluster/join', '{"address":"node2:18086"}'],
      ['cluster.leave', '/cluster/leave', '{}'],
      ['cluster.remove', '/cluster/members/a/remove', '{}'],
      ['store.check', '/store/check', '{}'],
      ['store.repair', '/store/repair', '{}'],
      ['backup.create', '/backup/create', '{}'],
      ['backup.verify', '/backup/verify', '{"name":"a"}'],
      ['backup.restore', '/backup/restore', '{"name":"a"}'],
      ['backup.status', '/backup/status', '{}'],
    ] as const;
    for (const [name] of asked) {
      const username = `bondy.${name}`;
      const authorization = `Basic ${btoa(`${username}:${PASSWORD}`)}`;
      for (const [other, path, body] of asked) {
        const { status, json } = await post(admin, path, body, { ...JSON_TYPE, authorization });
        assert.equal(status, other === name ? 200 : 403, `${username} for ${path}`);
        if (other !== name) assert.match(json.message, new RegExp(`wamp\\.call on bondy.${other}`));
      }
      assert.equal(callers.at(-1)?.username, username);
    }
    assert.equal(performed.length, asked.length);
    const forbidden = asked.length * (asked.length - 1);
    assert.equal(admin.metrics.counters.value('admin_forbidden'), forbidden);
  });

  test('needs the token of this start or a password, whatever else is right', async () => {
    const { admin, performed } = await start();
    const given = [
      undefined,
      '',
      'Bearer',
      'Bearer wrong',
      `Bearer ${TOKEN}0`,
      `Bearer ${TOKEN.slice(0, -1)}`,
      `Basic ${TOKEN}`,
      TOKEN,
      `Bearer ${TOKEN} ${TOKEN}`,
      `Basic ${btoa('bondy.cluster.leave:not it')}`,
    ];
    for (const authorization of given) {
      const headers = { ...JSON_TYPE, ...(authorization !== undefined && { authorization }) };
      const answer = await post(admin, '/cluster/leave', '{}', headers);
      assert.equal(answer.status, 401, authorization);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /);
    }
    assert.deepEqual(performed, []);
    assert.equal(admin.metrics.counters.value('admin_unauthorized'), given.length);
  });

  test('is not taken from a foreign page, a form, or another method', async () => {
    const { admin, performed } = await start();
    const foreign = { ...GRANTED, origin: 'http://evil.example' };
    assert.equal((await post(admin, '/cluster/leave', '{}', foreign)).status, 403);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      const answer = await post(admin, '/cluster/leave', '{}', {
        ...GRANTED,
        'content-type': type,
      });
      assert.deepEqual([answer.status, answer.json.code], [415, 'no_json'], type);
    }
    assert.equal(admin.metrics.counters.value('admin_no_json'), 3);
    const read = await post(admin, '/cluster/leave', undefined, GRANTED, 'GET');
    assert.deepEqual([read.status, read.headers.get('allow')], [405, 'POST']);
    assert.deepEqual(performed, []);
  });

  test('with a body that is none, too long, or says something else is refused', async () => {
    const { admin, performed } = await start();
    const bodies = [
      ['/cluster/join', ''],
      ['/cluster/join', '{'],
      ['/cluster/join', 'null'],
      ['/cluster/join', '[]'],
      ['/cluster/join', '{}'],
      ['/cluster/join', '{"address":{}}'],
      ['/cluster/join', '{"__proto__":{"address":"a:1"}}'],
      ['/cluster/join', JSON.stringify({ address: 'a'.repeat(400) })],
      ['/cluster/join', JSON.stringify({ address: 'node2' })],
      ['/cluster/join', JSON.stringify({ address: 'http://node2:1' })],
      ['/cluster/members/a/remove', '{"force":"perhaps"}'],
      [`/cluster/members/${'a'.repeat(300)}/remove`, '{}'],
    ] as const;
    for (const [path, body] of bodies) {
      const { status, json } = await post(admin, path, body);
      assert(status === 400 || status === 414 || status === 404, `${status} for ${body}`);
      assert.equal(typeof json.message, 'string');
    }
    const long = await post(
      admin,
      '/cluster/join',
      JSON.stringify({ address: 'a:1', x: 'y'.repeat(5_000) }),
    );
    assert.equal(long.status, 413);
    assert.deepEqual(performed, []);
  });

  test('of another node is not answered by one that is alone', async () => {
    const admin = await runAdmin(new StagedKernel(node('root')).asKernel());
    running.push(admin);
    const tree = await fetch(`http://127.0.0.1:${admin.port}/tree?node=other`);
    assert.equal(tree.status, 404);
  });
});

test('addresses are host and port, and nothing else', () => {
  assert.deepEqual(readAddress('10.0.0.1:18086'), { host: '10.0.0.1', port: 18086 });
  for (const text of [
    '',
    'a',
    'a:',
    ':1',
    'a:0',
    'a:65536',
    'a:1x',
    '::1:80',
    '[a:1',
    'a b:1',
    'a/b:1',
  ]) {
    assert.equal(readAddress(text), undefined, text);
  }
});
