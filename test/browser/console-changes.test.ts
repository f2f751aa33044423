/** The console, on a real node: what else is changed of users and realms, and the end of tickets. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { enter, login } from '../management/support.ts';
import type { Details, RawClient } from '../support/raw-client.ts';
import type { NodeHandle } from '../support/start.ts';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.ts';
import {
  call,
  logIn,
  openConsole,
  openSection,
  press,
  REALM,
  realmDocument,
  row,
  startConsoleNode,
} from './console-visit.ts';

const executablePath = findChromium();
const skip =
  executablePath === undefined &&
  'NO CHROMIUM FOUND: the console was NOT tested. Install chromium or set $CHROMIUM to its path.';
if (skip !== false) console.error(`\n*** ${skip} ***\n`);

const MAY_ISSUE = [
  { permissions: ['wamp.call'], roles: 'all', uri: 'bondy.ticket.', match: 'prefix' },
  { permissions: ['bondy.issue'], roles: 'all', uri: 'bondy.ticket.scope.', match: 'prefix' },
];

let browser: Browser;
let node: NodeHandle;

before(async () => {
  if (skip !== false) return;
  browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS] });
  node = await startConsoleNode();
  const sources = ['password', 'ticket'].map((authmethod) => ({ usernames: 'all', authmethod }));
  const more = { authmethods: ['password', 'ticket'], sources, grants: MAY_ISSUE };
  await call(node, 'bondy.realm.create', realmDocument(REALM, more));
});

after(async () => {
  await browser?.close();
  const crashes = node?.crashes() ?? [];
  await node?.stop();
  assert.deepEqual(crashes, []);
});

async function save(page: Page, name: string, value: string): Promise<void> {
  const dialog = page.locator('dialog');
  await dialog.locator(`[name="${name}"]`).fill(value);
  await press(dialog, 'Save');
}

const user = async (): Promise<Details> =>
  (await call(node, 'bondy.user.get', REALM, 'user1')) as Details;

test('aliases and keys of a user are written, and what is wrong is said', { skip }, async () => {
  const { page, complaints } = await openSection(browser, node, 'users');
  const line = row(page, 'user1');
  await press(line, 'Aliases');
  await save(page, 'alias', 'joe, joey');
  await line.filter({ hasText: 'joe, joey' }).waitFor();
  await press(line, 'Aliases');
  await save(page, 'alias', 'joey');
  await line.filter({ hasNotText: 'joe,' }).waitFor();
  assert.deepEqual((await user())['aliases'], ['joey']);

  await press(line, 'Keys');
  await save(page, 'authorized_keys', 'nonsense');
  await page.locator('dialog .field-error', { hasText: 'authorized_keys[0]' }).waitFor();
  await save(page, 'authorized_keys', 'ab'.repeat(32));
  await line.filter({ hasText: 'password, keys' }).waitFor();
  assert.deepEqual((await user())['authorized_keys'], ['ab'.repeat(32)]);
  assert.deepEqual(complaints(), []);
  assert.deepEqual(await page.evaluate('window.violations'), []);
  await page.close();
});

test('limits of a realm are set and taken back, and no number is none', { skip }, async () => {
  const { page } = await openConsole(browser, node);
  await logIn(page);
  const sessions = 'limits.max_sessions';
  const limit = async (): Promise<unknown> =>
    ((await call(node, 'bondy.realm.get', REALM)) as { limits: Details }).limits['max_sessions'];
  const before = await limit();
  await press(row(page, REALM), 'Limits');
  await save(page, sessions, 'many');
  await page.locator('dialog .field-error', { hasText: `${sessions}: must be` }).waitFor();
  await save(page, sessions, '77');
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.equal(await limit(), 77);
  await press(row(page, REALM), 'Limits');
  await save(page, sessions, '');
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.equal(await limit(), before);
  await page.close();
});

test('tickets are shown, and one of them is revoked', { skip }, async (t) => {
  const urls = node.urls;
  const issuer = await enter(t, urls, REALM, 'user1');
  const [tablet, phone] = [await issue(issuer, 'tablet'), await issue(issuer, 'phone')];
  const { page, complaints } = await openSection(browser, node, 'tickets');
  await row(page, 'phone').waitFor();
  await press(row(page, 'tablet'), 'Revoke');
  await press(page.locator('dialog'), 'Revoke ticket');
  await row(page, 'tablet').waitFor({ state: 'detached' });
  await row(page, 'phone').waitFor();
  const hello = { authmethods: ['ticket'], authid: 'user1' };
  const enters = (ticket: string) => login(t, urls, REALM, hello, () => ({ signature: ticket }));
  await enters(phone);
  await assert.rejects(enters(tablet));
  assert.deepEqual(complaints(), []);
  await page.close();
});

async function issue(issuer: RawClient, device: string): Promise<string> {
  const [, , , args] = await issuer.call('bondy.ticket.issue', [], { device_id: device });
  return (args as { readonly ticket: string }[])[0]!.ticket;
}
