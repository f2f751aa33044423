/**
 * Three nodes and their administrators: what one of them takes back is taken back on the others, soon when they are
 * linked, and whatever the order in which a partition heals: *what is allowed after it was revoked on no side*.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { administrator, ask, CHEAP, enter, SETTINGS } from '../management/support.ts';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import type { ClusterNode } from './nodes.ts';
import { startCluster } from './nodes.ts';
import { Wires } from './wires.ts';

const PATIENCE_MS = 30_000;
const ROUNDS = 30;

async function newRealm(admin: RawClient, realm: string): Promise<void> {
  const names = ['alice', 'bobby', 'carol'];
  await ask(admin, 'bondy.realm.create', {
    uri: realm,
    authmethods: ['password'],
    password_opts: CHEAP,
    users: names.map((username) => ({ username, password: 'secret-1' })),
    sources: [{ usernames: 'all', authmethod: 'password' }],
    grants: ['one', 'two', 'kept'].map((name) => grant(`${realm}.${name}`)),
  });
}

function grant(uri: string): object {
  return { permissions: ['wamp.call'], roles: ['alice'], uri, match: 'exact' };
}

/** May this session call it? Nobody has registered it. */
async function mayCall(client: RawClient, uri: string): Promise<boolean> {
  client.request(wamp.CALL, {}, uri);
  const answer = await client.next('answer', PATIENCE_MS);
  assert.equal(answer[0], wamp.ERROR);
  return answer[4] !== 'wamp.error.not_authorized';
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<number> {
  const begun = performance.now();
  while (!(await isSo())) {
    assert(performance.now() - begun < PATIENCE_MS, what);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return performance.now();
}

/** As soon as the node knows the realm and the user. */
async function login(
  t: TestContext,
  node: ClusterNode,
  realm: string,
  authid: string,
): Promise<RawClient> {
  let client: RawClient | undefined;
  await until(`${authid} enters at ${node.name}`, async () => {
    client = await enter(t, node.urls, realm, authid).catch(() => undefined);
    return client !== undefined;
  });
  return client!;
}

async function thrownOut(client: RawClient, reason: string): Promise<number> {
  const [type, , said] = await client.next('GOODBYE', PATIENCE_MS);
  assert.deepEqual([type, said], [wamp.GOODBYE, reason]);
  return performance.now();
}

function show(ms: readonly number[]): string {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (part: number): string => sorted[Math.floor((sorted.length - 1) * part)]!.toFixed(1);
  return `median ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms`;
}

describe('three nodes that are linked', { timeout: 180_000 }, () => {
  it('refuse on every node what is revoked on one, and throw out there who is disabled here', async (t) => {
    const nodes = await startCluster(t, 3, { settings: SETTINGS });
    const [a, ...others] = nodes as [ClusterNode, ClusterNode, ClusterNode];
    const admin = await administrator(t, a.urls);
    const realm = 'com.example.linked';
    await newRealm(admin, realm);
    const uri = `${realm}.one`;
    const far = await Promise.all(others.map((node) => login(t, node, realm, 'alice')));
    const [sent, answered]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      await ask(admin, 'bondy.grant.create', realm, grant(uri));
      for (const client of far) await until('granted', () => mayCall(client, uri));
      const begun = performance.now();
      const refused = far.map((client) =>
        until('revoked', async () => !(await mayCall(client, uri))),
      );
      await ask(admin, 'bondy.grant.revoke', realm, grant(uri));
      const acknowledged = performance.now();
      const last = Math.max(...(await Promise.all(refused)));
      sent.push(last - begun);
      answered.push(Math.max(0, last - acknowledged));
    }
    t.diagnostic(
      `a revocation is in force on the other nodes, after it was asked for: ${show(sent)}`,
    );
    t.diagnostic(`… after it was answered: ${show(answered)}`);
    const out: number[] = [];
    for (let round = 0; round < ROUNDS / 3; round++) {
      await ask(admin, 'bondy.user.enable', realm, 'bobby');
      const sessions = await Promise.all(others.map((node) => login(t, node, realm, 'bobby')));
      const begun = performance.now();
      const gone = sessions.map((client) => thrownOut(client, 'bondy.user.disabled'));
      await ask(admin, 'bondy.user.disable', realm, 'bobby');
      out.push(Math.max(...(await Promise.all(gone))) - begun);
    }
    t.diagnostic(`sessions of a disabled user end on the other nodes after: ${show(out)}`);
  });
});

/** All orders in which three nodes come back. */
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

describe('three nodes that are parted', { timeout: 300_000 }, () => {
  it('come to what no side has revoked, in whichever order they find each other', async (t) => {
    const wires = new Wires(t);
    const nodes = await startCluster(t, 3, { settings: SETTINGS, wires });
    const admins = await Promise.all(nodes.map((node) => administrator(t, node.urls)));
    const [a, b, c] = admins as [RawClient, RawClient, RawClient];
    for (const order of ORDERS) {
      const realm = `com.example.healed${order.join('')}`;
      await newRealm(a, realm);
      const everywhere = (who: string): Promise<RawClient[]> =>
        Promise.all(nodes.map((node) => login(t, node, realm, who)));
      const alices = await everywhere('alice');
      const [bobbies, carols] = [await everywhere('bobby'), await everywhere('carol')];
      for (const { name } of nodes) wires.silence(`bondy@${name}`);
      const of = (name: string): object => grant(`${realm}.${name}`);
      await ask(a, 'bondy.grant.revoke', realm, of('one'));
      await ask(b, 'bondy.grant.create', realm, of('one'));
      await ask(b, 'bondy.grant.revoke', realm, of('two'));
      await ask(c, 'bondy.grant.create', realm, of('two'));
      await ask(c, 'bondy.grant.create', realm, of('new'));
      await ask(c, 'bondy.user.disable', realm, 'bobby');
      await ask(a, 'bondy.user.update', realm, 'bobby', { meta: { seen: true } });
      await ask(b, 'bondy.user.delete', realm, 'carol');
      await ask(a, 'bondy.user.update', realm, 'carol', { meta: { seen: true } });
      for (const i of order) wires.restore(`bondy@${nodes[i]!.name}`);
      for (const [i, alice] of alices.entries()) {
        const where = `${nodes[i]!.name} after ${order}`;
        const is = async (name: string): Promise<boolean> => mayCall(alice, `${realm}.${name}`);
        await until(`one is revoked on ${where}`, async () => !(await is('one')));
        await until(`two is revoked on ${where}`, async () => !(await is('two')));
        await until(`new is granted on ${where}`, () => is('new'));
        assert(await is('kept'), `kept is granted on ${where}`);
      }
      for (const client of bobbies) await thrownOut(client, 'bondy.user.disabled');
      for (const client of carols) await thrownOut(client, 'bondy.user.deleted');
      for (const node of nodes) {
        for (const who of ['bobby', 'carol']) {
          await assert.rejects(enter(t, node.urls, realm, who), /ABORT|expected WELCOME/);
        }
      }
    }
  });
});
