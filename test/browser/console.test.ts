/** The console, on a real node, as somebody uses it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import * as wamp from '../support/codes.ts';
import type { NodeHandle } from '../support/start.ts';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.ts';
import {
  call,
  join,
  logIn,
  openConsole,
  openSection,
  press,
  REALM,
  realmDocument,
  row,
  startConsoleNode,
} from './console-visit.ts';
import { textIs } from './visit.ts';

const executablePath = findChromium();
const skip =
  executablePath === undefined &&
  'NO CHROMIUM FOUND: the console was NOT tested. Install chromium or set $CHROMIUM to its path.';
if (skip !== false) console.error(`\n*** ${skip} ***\n`);

let browser: Browser;
let node: NodeHandle;

before(async () => {
  if (skip !== false) return;
  browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS] });
  node = await startConsoleNode();
  await call(node, 'bondy.realm.create', realmDocument(REALM));
});

after(async () => {
  await browser?.close();
  const crashes = node?.crashes() ?? [];
  await node?.stop();
  assert.deepEqual(crashes, []);
});

test('nothing is shown without a login, and a wrong password is none', { skip }, async () => {
  const { page, complaints } = await openConsole(browser, node, `#console/${REALM}/users`);
  assert.equal(await page.locator('.listing').count(), 0);
  await logIn(page, 'wrong password');
  await textIs(page, '.login .form-error', /^These credentials are not valid here now\.$/);
  assert.equal(await page.locator('.listing').count(), 0);
  assert.equal(await page.locator('.login [name=password]').inputValue(), '');
  await logIn(page);
  await row(page, 'user1').waitFor();
  assert.deepEqual(complaints(), []);
  assert.deepEqual(await page.evaluate('window.violations'), []);
  await page.close();
});

test('a token is a login, and no other word is', { skip }, async () => {
  const { page } = await openConsole(browser, node);
  await page.locator('.login [name=token]').fill('not.a.token');
  await press(page, 'Log in with token');
  await page.locator('.login .form-error:not([hidden])').waitFor();
  assert.equal(await page.locator('.listing').count(), 0);
  await page.close();
});

test(
  'a login is kept in the page alone: no cookie, no storage, and a reload ends it',
  { skip },
  async () => {
    const { page } = await openSection(browser, node, 'users');
    await row(page, 'user1').waitFor();
    assert.deepEqual(await page.context().cookies(), []);
    const kept = await page.evaluate('[localStorage.length, sessionStorage.length, location.href]');
    assert.deepEqual(kept, [0, 0, `${node.adminUrl}#console/${REALM}/users`]);
    await page.reload();
    await page.locator('.login').waitFor();
    assert.equal(await page.locator('.listing').count(), 0);
    await page.close();
  },
);

test('after logging out nothing is shown any more, not even by going back', { skip }, async () => {
  const { page } = await openSection(browser, node, 'users');
  await row(page, 'user1').waitFor();
  await page.locator('.console-bar a', { hasText: 'Groups' }).click();
  await row(page, 'devs').waitFor();
  await press(page, 'Log out');
  await textIs(page, '.login-why', /logged out/);
  await page.goBack();
  await page.locator('.login').waitFor();
  assert.equal(await page.locator('.listing').count(), 0);
  await page.close();
});

test('a user who is disabled meanwhile is logged out, and told so', { skip }, async (t) => {
  const master = 'com.leapsight.bondy';
  await call(node, 'bondy.user.add', master, { username: 'helper', password: 'secret-22' });
  await call(node, 'bondy.source.add', master, { usernames: ['helper'], authmethod: 'password' });
  await call(node, 'bondy.grant.create', master, {
    permissions: ['wamp.call'],
    roles: ['helper'],
    uri: 'bondy.',
    match: 'prefix',
  });
  t.after(() => call(node, 'bondy.user.delete', master, 'helper'));
  const { page } = await openConsole(browser, node, `#console/${REALM}/users`);
  await logIn(page, 'secret-22', 'helper');
  await row(page, 'user1').waitFor();
  await call(node, 'bondy.user.disable', master, 'helper');
  await page.locator('.console-bar a', { hasText: 'Groups' }).click();
  await textIs(page, '.login-why', /not logged in any more/);
  await page.close();
});

test('a login that nobody uses ends', { skip }, async () => {
  const { page } = await openConsole(browser, node, `#console/${REALM}/users`);
  await page.clock.install();
  await logIn(page);
  await row(page, 'user1').waitFor();
  await page.clock.fastForward('14:00');
  await page.keyboard.press('Shift');
  await page.clock.fastForward('14:00');
  await row(page, 'user1').waitFor();
  await page.clock.fastForward('01:30');
  await textIs(page, '.login-why', /was not used/);
  assert.equal(await page.locator('.listing').count(), 0);
  await page.close();
});

test('who may not is told what is missing', { skip }, async (t) => {
  const master = 'com.leapsight.bondy';
  await call(node, 'bondy.user.add', master, { username: 'guest', password: 'secret-33' });
  await call(node, 'bondy.source.add', master, { usernames: ['guest'], authmethod: 'password' });
  t.after(() => call(node, 'bondy.user.delete', master, 'guest'));
  const { page } = await openConsole(browser, node);
  await logIn(page, 'secret-33', 'guest');
  await textIs(page, '.listing-error', /^bondy\.realm\.list needs a grant of wamp\.call$/);
  assert.equal(await page.locator('.listing tbody tr').count(), 0);
  await page.close();
});

test('a page that is left and shown again has no login', { skip }, async () => {
  const { page } = await openSection(browser, node, 'users');
  await row(page, 'user1').waitFor();
  await page.goto('about:blank');
  await page.goBack();
  await page.locator('.login').waitFor();
  assert.equal(await page.locator('.listing').count(), 0);
  await page.close();
});

test(
  'the realms lead to what is in them, and the tree and the login are not lost by looking',
  { skip },
  async () => {
    const { page } = await openConsole(browser, node);
    await logIn(page);
    await row(page, REALM).locator('a').click();
    await textIs(page, '.crumb-realm', /^com\.example\.one$/);
    await page.locator('#views a', { hasText: 'Tree' }).click();
    await page.locator('#grid').waitFor();
    assert.equal(await page.locator('#console').isVisible(), false);
    await page.goBack();
    await page.locator('.listing h2', { hasText: 'Sessions' }).waitFor();
    await page.close();
  },
);

test(
  'a realm is made, refused with the field, and deleted by writing its name',
  { skip },
  async () => {
    const { page } = await openConsole(browser, node);
    await logIn(page);
    await press(page, 'New realm');
    const dialog = page.locator('dialog');
    await dialog.locator('[name=uri]').fill('com.example.two');
    await dialog.locator('[name=authmethods]').fill('password, nonsense');
    await press(dialog, 'Create');
    await dialog.locator('.field-error', { hasText: 'authmethods[1]' }).waitFor();
    await dialog.locator('[name=authmethods]').fill('password');
    await press(dialog, 'Create');
    await dialog.waitFor({ state: 'detached' });
    await press(row(page, 'com.example.two'), 'Delete');
    await dialog.locator('[name=typed]').fill('com.example.other');
    await press(dialog, 'Delete realm');
    await dialog.locator('.field-error', { hasText: 'is not the name' }).waitFor();
    await dialog.locator('[name=typed]').fill('com.example.two');
    await press(dialog, 'Delete realm');
    await row(page, 'com.example.two').waitFor({ state: 'detached' });
    await page.close();
  },
);

test('a session is shown, and killed when that is confirmed', { skip }, async (t) => {
  const [stays, goes] = [await join(node), await join(node)];
  t.after(() => stays.destroy());
  const { page, complaints } = await openSection(browser, node, 'sessions');
  await row(page, String(stays.session)).waitFor();
  const victim = row(page, String(goes.session));
  await press(victim, 'Kill');
  await press(page.locator('dialog'), 'Cancel');
  await victim.waitFor();
  await press(victim, 'Kill');
  await page.locator('dialog [name=message]').fill('go <b>away</b>');
  await press(page.locator('dialog'), 'Kill session');
  const [, details, reason] = await goes.expect(wamp.GOODBYE);
  assert.deepEqual([details, reason], [{ message: 'go <b>away</b>' }, 'wamp.close.killed']);
  await victim.waitFor({ state: 'detached' });
  await row(page, String(stays.session)).waitFor();
  assert.deepEqual(complaints(), []);
  await page.close();
});

test(
  'a user and a grant are added, and what was denied is explained and then allowed',
  { skip },
  async () => {
    const { page, complaints } = await openSection(browser, node, 'users');
    await press(page, 'New user');
    const dialog = page.locator('dialog');
    await dialog.locator('[name=username]').fill('user2');
    await dialog.locator('[name=groups]').fill('nobody');
    await press(dialog, 'Add');
    await dialog.locator('.field-error', { hasText: 'groups[0]: ' }).waitFor();
    await dialog.locator('[name=groups]').fill('devs');
    await dialog.locator('[name=meta]').fill('[1]');
    await press(dialog, 'Add');
    await dialog.locator('.field-error', { hasText: 'must be a JSON object' }).waitFor();
    await dialog.locator('[name=meta]').fill('{"room": 12}');
    await press(dialog, 'Add');
    await row(page, 'user2').filter({ hasText: '{"room":12}' }).waitFor();

    await page.locator('.console-bar a', { hasText: 'Why denied?' }).click();
    const ask = async (): Promise<void> => {
      await page.locator('.explain [name=authid]').fill('user2');
      await page.locator('.explain [name=resource]').fill('com.example.add');
      await press(page, 'Explain');
    };
    await ask();
    await textIs(page, '.verdict', /^Denied$/);
    await textIs(page, '.steps', /roles count: .*group\/devs.*No grant gives wamp\.call/);

    await page.locator('.console-bar a', { hasText: 'Grants' }).click();
    await press(page, 'New grant');
    await dialog.locator('[name=roles]').fill('group/devs');
    await dialog.getByLabel('wamp.call').check();
    await dialog.locator('[name=uri]').fill('com.example.');
    await dialog.locator('[name=match]').selectOption('prefix');
    await press(dialog, 'Grant');
    await row(page, 'group/devs').filter({ hasText: 'com.example. (prefix)' }).waitFor();

    await page.locator('.console-bar a', { hasText: 'Why denied?' }).click();
    await ask();
    await textIs(page, '.verdict', /^Allowed$/);
    await textIs(
      page,
      '.steps',
      /group\/devs is granted wamp\.call on com\.example\. \(prefix\): this fits/,
    );

    await page.locator('.console-bar a', { hasText: 'Grants' }).click();
    await press(row(page, 'group/devs'), 'Revoke');
    await press(dialog, 'Revoke');
    await row(page, 'group/devs').waitFor({ state: 'detached' });
    assert.equal(
      await call(node, 'bondy.rbac.authorize', REALM, 'user2', 'wamp.call', 'com.example.add'),
      false,
    );
    assert.deepEqual(complaints(), []);
    assert.deepEqual(await page.evaluate('window.violations'), []);
    await page.close();
  },
);

test('who may log in from where is shown, added and deleted', { skip }, async () => {
  const { page } = await openSection(browser, node, 'sources');
  const dialog = page.locator('dialog');
  await press(page, 'New source');
  await dialog.locator('[name=usernames]').fill('user1');
  await dialog.locator('[name=authmethod]').selectOption('ticket');
  await dialog.locator('[name=cidr]').fill('10.0.0.0/99');
  await press(dialog, 'Add');
  await dialog.locator('.field-error', { hasText: /./ }).waitFor();
  await dialog.locator('[name=cidr]').fill('10.0.0.0/8');
  await press(dialog, 'Add');
  await press(row(page, '10.0.0.0/8'), 'Delete');
  await press(dialog, 'Delete source');
  await row(page, '10.0.0.0/8').waitFor({ state: 'detached' });
  await page.close();
});

test(
  'a page of another origin does nothing with the login that is open beside it',
  { skip },
  async (t) => {
    const foreign = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<title>foreign</title>'),
    ).listen(0, '127.0.0.1');
    await once(foreign, 'listening');
    t.after(() => foreign.close());
    const { page } = await openSection(browser, node, 'users');
    await row(page, 'user1').waitFor();
    const opened = page.context().waitForEvent('page');
    const { port } = foreign.address() as AddressInfo;
    await page.evaluate(`void window.open('http://127.0.0.1:${port}/')`);
    const other = await opened;
    await other.waitForLoadState();
    const body = JSON.stringify({ procedure: 'bondy.user.delete', args: [REALM, 'user1'] });
    for (const [mode, type] of [
      ['cors', 'application/json'],
      ['no-cors', 'text/plain'],
    ]) {
      const outcome = await other.evaluate(`fetch('${node.adminUrl}services/call', {
      method: 'POST', mode: '${mode}', credentials: 'include',
      headers: { 'content-type': '${type}' }, body: ${JSON.stringify(body)},
    }).then((answer) => answer.status, () => 'refused')`);
      // What no-cors is answered with nobody may see: 0.
      assert.ok(outcome === 'refused' || outcome === 0, `${mode}: ${outcome}`);
    }
    await call(node, 'bondy.user.get', REALM, 'user1');
    assert.deepEqual(await page.context().cookies(), []);
    await page.close();
  },
);

test('long lists come in pages, and are searched on the node', { skip }, async (t) => {
  const client = await join(node);
  t.after(() => client.destroy());
  for (let i = 100; i < 220; i += 1) await client.register(`com.example.p${i}`);
  const { page } = await openSection(browser, node, 'procedures');
  await textIs(page, '.listing-note', /^50 of 120$/);
  assert.equal(await page.locator('.listing tbody tr').count(), 50);
  await press(page, 'Show more');
  await textIs(page, '.listing-note', /^100 of 120$/);
  await page.locator('.listing input[type=search]').fill('P21');
  await textIs(page, '.listing-note', /^10 found$/);
  assert.equal(await page.locator('.listing tbody tr').count(), 10);
  await press(row(page, 'com.example.p210'), 'Callees');
  await textIs(page, 'dialog li', new RegExp(`^Session ${client.session}$`));
  await press(page.locator('dialog'), 'Close');
  await page.locator('.listing input[type=search]').fill('nowhere');
  await textIs(page, '.listing-note', /^Nothing fits\.$/);
  await page.close();
});

test('a slash is written where somebody writes', { skip }, async () => {
  const { page } = await openSection(browser, node, 'users');
  await page.locator('.listing input[type=search]').click();
  await page.keyboard.type('a/b');
  assert.equal(await page.locator('.listing input[type=search]').inputValue(), 'a/b');
  await page.close();
});

test('on a narrow screen nothing is wider than the screen', { skip }, async () => {
  const { page } = await openConsole(browser, node, `#console/${REALM}/users`, 390);
  await logIn(page);
  await row(page, 'user1').waitFor();
  const width = await page.evaluate('document.documentElement.scrollWidth');
  assert.ok((width as number) <= 390, `${width}`);
  // Where one is can be seen, also at the far end of the sections.
  await page.goto(`${node.adminUrl}#console/${REALM}/explain`);
  const here = await page
    .locator('.console-bar [aria-current=page]', { hasText: 'Why denied?' })
    .boundingBox();
  assert.ok(here !== null && here.x >= 0 && here.x + here.width <= 390, JSON.stringify(here));
  await page.close();
});
