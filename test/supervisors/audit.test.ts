/** What a whole node writes down: who came in and who did not, what an operator did; and when it cannot. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, it } from 'node:test';
import { nodeFiles } from '../../runtime/config/node-files.ts';
import { SILENT } from '../../runtime/log/logger.ts';
import { loadNodeConfig } from '../../supervisors/config.ts';
import { startNode } from '../../supervisors/node.ts';
import { auditVerify } from '../../bin/commands/audit.ts';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import { scratch } from '../support/scratch.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';

async function start(t: TestContext, directory: string, more: Readonly<Record<string, string>>) {
  const settings = {
    'api_gateway.http.port': '0',
    'wamp.tcp.port': '0',
    'admin_api.http.port': '0',
    'store.data_dir': directory,
    'store.engine': 'leveldb',
    'store.partitions': '1',
    'realms.shop.uri': 'com.example.shop',
    'realms.shop.authmethods': 'ticket',
    'realms.shop.users.till.ticket': 'the ticket of the till',
    ...more,
  };
  const { config, mistakes } = loadNodeConfig({
    file: undefined,
    environment: {},
    flags: Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    workingDirectory: '.',
    files: nodeFiles,
  });
  assert.deepEqual(mistakes, []);
  const node = await startNode(config, SILENT);
  t.after(() => node.stop());
  const urlOf = (name: string): string => node.addresses.find((each) => each.name === name)!.url;
  const operate = async (path: string) => {
    const token = readFileSync(join(directory, 'operator.token'), 'utf8').trim();
    const answer = await fetch(`${urlOf('admin')}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    });
    const report = (await answer.json()) as Readonly<Record<string, unknown>>;
    return { status: answer.status, report };
  };
  const enter = async (ticket: string): Promise<unknown> => {
    const urls = { websocket: urlOf('api_gateway.http'), rawsocket: urlOf('wamp.tcp') };
    const client = await RawClient.connect(urls, RAWSOCKET_MSGPACK);
    t.after(() => client.destroy());
    const roles = { roles: { caller: {} }, authmethods: ['ticket'], authid: 'till' };
    client.send([wamp.HELLO, 'com.example.shop', roles]);
    const [first] = await client.next();
    if (first === wamp.ABORT) return first; // locked out
    assert.equal(first, wamp.CHALLENGE);
    client.send([wamp.AUTHENTICATE, ticket, {}]);
    return (await client.next())[0];
  };
  return { node, urlOf, operate, enter };
}

function entries(file: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

describe('the audit log of a node', () => {
  it('has logins, refusals and what an operator did, no secret, and shows when it was changed', async (t) => {
    const directory = scratch(t);
    const file = join(directory, 'log', 'audit.log');
    const { node, operate, enter } = await start(t, directory, { 'security.audit.file': file });
    assert.equal(await enter('the ticket of the till'), wamp.WELCOME);
    assert.equal(await enter('a guess'), wamp.ABORT);
    assert.equal((await operate('backup/create')).status, 200);
    await node.stop();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const all = entries(file);
    const said = all.map(({ event, what, outcome }) => `${event} ${what ?? outcome}`);
    assert.deepEqual(said, [
      'node started',
      'login ok',
      'login refused',
      'backup started',
      'backup finished',
      'administration create_backup',
      'node stopping',
    ]);
    const { realm, authid, authmethod, address } = all[2]!;
    assert.deepEqual(
      [realm, authid, authmethod, address],
      ['com.example.shop', 'till', 'ticket', '127.0.0.1'],
    );
    assert.doesNotMatch(readFileSync(file, 'utf8'), /a guess|the ticket of/);
    assert.equal(await auditVerify(file, {}), 0);
    const last = String(all.at(-1)!['hash']);
    assert.equal(await auditVerify(file, { expect: last }), 0);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.split('\n').slice(0, -2).join('\n') + '\n');
    assert.equal(await auditVerify(file, {}), 0, 'a cut at the end');
    assert.equal(
      await auditVerify(file, { expect: last }),
      1,
      'shows by the hash that was expected',
    );
    writeFileSync(file, text.replace('"refused"', '"ok"'));
    assert.equal(await auditVerify(file, {}), 1);
  });

  it('tells whoever is locked out from whoever guessed wrong', async (t) => {
    const directory = scratch(t);
    const file = join(directory, 'audit.log');
    const { node, enter } = await start(t, directory, { 'security.audit.file': file });
    for (let i = 0; i < 30; i++) assert.equal(await enter('a guess'), wamp.ABORT);
    await node.stop();
    const reasons = new Set(entries(file).map(({ reason }) => reason));
    assert(reasons.has('locked_out'), [...reasons].join());
    assert(reasons.has('wamp.error.authentication_failed'), [...reasons].join());
  });

  it('that cannot be written is told in /ready, and changes are refused where that was chosen', async (t) => {
    for (const [choice, status] of [
      ['refuse', 503],
      ['continue', 200],
    ] as const) {
      const { urlOf, operate, enter } = await start(t, scratch(t), {
        'security.audit.file': '/dev/full',
        'security.audit.on_failure': choice,
      });
      const ready = async () => (await fetch(`${urlOf('admin')}ready`)).text();
      const deadline = performance.now() + 20_000;
      while (!/audit log cannot be written/.test(await ready())) {
        assert(performance.now() < deadline, 'it is never told');
      }
      assert.equal(await enter('the ticket of the till'), wamp.WELCOME, 'clients go on');
      assert.equal((await operate('backup/create')).status, status, choice);
      assert.equal((await operate('backup/status')).status, 200, 'looking is no change');
    }
  });
});
