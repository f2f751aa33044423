/** What commands show to a node of who they are: what is given, or what is known on the node's machine, and only there. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { findNode } from '../../bin/ask-node.ts';
import type { NodeOptions } from '../../bin/ask-node.ts';
import { scratch } from '../support/scratch.ts';

const TOKEN = 'f'.repeat(64);
/** For documentation (RFC 5737): nobody is asked. */
const ELSEWHERE = 'http://192.0.2.1:18081';

function machine(t: TestContext, more: readonly string[] = []) {
  const folder = scratch(t);
  const set = [`store.data_dir=${folder}`, ...more];
  const shown = async (options: NodeOptions = {}): Promise<string | undefined> => {
    const node = await findNode({ set, ...options });
    return typeof node === 'string' ? node : node.login.authorization;
  };
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return { shown, file };
}

describe('a command shows', () => {
  test('the operator token to the node of this machine, and to no other', async (t) => {
    const { shown, file } = machine(t);
    file('operator.token', `${TOKEN}\n`);
    for (const url of [undefined, 'http://localhost:1', 'http://127.0.0.1:1', 'http://[::1]:1']) {
      assert.equal(await shown(url === undefined ? {} : { url }), `Bearer ${TOKEN}`, url);
    }
    for (const url of [ELSEWHERE, 'http://127.0.0.1.example.com', 'http://localhost.example.com']) {
      assert.equal(await shown({ url }), undefined, url);
    }
  });

  test('the token to the address that its configuration names', async (t) => {
    const { shown, file } = machine(t, ['admin_api.http.ip=192.0.2.1']);
    file('operator.token', TOKEN);
    assert.equal(await shown(), `Bearer ${TOKEN}`);
    assert.equal(await shown({ url: ELSEWHERE }), `Bearer ${TOKEN}`);
  });

  test('the configured administrator where there is no token, and to no other node', async (t) => {
    const { shown, file } = machine(t, ['security.admin.password=correct horse battery']);
    assert.equal(await shown(), `Basic ${btoa('admin:correct horse battery')}`);
    assert.equal(await shown({ url: ELSEWHERE }), undefined);
    file('operator.token', TOKEN);
    assert.equal(await shown(), `Bearer ${TOKEN}`);
  });

  test('what it is given, to whomever', async (t) => {
    const { shown, file } = machine(t);
    file('operator.token', TOKEN);
    const [passwordFile, tokenFile] = [file('password', 'secret\n'), file('ticket', 'a.b.c\n')];
    const basic = `Basic ${btoa('joe:secret')}`;
    assert.equal(await shown({ url: ELSEWHERE, user: 'joe', passwordFile, tokenFile }), basic);
    assert.equal(await shown({ url: ELSEWHERE, tokenFile }), 'Bearer a.b.c');
  });

  test('nothing, but says so, when what it is given cannot be read', async (t) => {
    const { shown, file } = machine(t);
    const nowhere = '/nowhere/at/all';
    assert.match((await shown({ tokenFile: nowhere })) ?? '', /cannot be read \(ENOENT\)/);
    assert.match((await shown({ user: 'joe', passwordFile: nowhere })) ?? '', /ENOENT/);
    assert.match((await shown({ tokenFile: file('two', 'two words') })) ?? '', /holds no token/);
    assert.match((await shown({ passwordFile: nowhere })) ?? '', /needs --user/);
  });
});
