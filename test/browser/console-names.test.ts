/** Names that would be markup, everywhere the console shows one: what the node lets in, and answers that say anything. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { NodeHandle } from '../support/start.ts';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.ts';
import type { ConsoleVisit } from './console-visit.ts';
import {
  call,
  join,
  openSection,
  press,
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

const MARKUP = '<img/src=x/onerror=window.pwned=1>';
const REALM = `com.example.${MARKUP}`;
/** Users and groups have neither `<` nor `=`. */
const NAME = `"'&lt;b\${window.pwned}`;
const TEXT = `${MARKUP}</td><script>window.pwned=1</script><b id="injected">`;

let browser: Browser;
let node: NodeHandle;

before(async () => {
  if (skip !== false) return;
  browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS] });
  node = await startConsoleNode();
  const document = {
    description: TEXT,
    groups: [{ name: NAME, meta: { [TEXT]: TEXT } }],
    users: [{ username: NAME, groups: [NAME], meta: { [TEXT]: TEXT }, aliases: [`${NAME}2`] }],
  };
  await call(node, 'bondy.realm.create', realmDocument(REALM, document));
  await call(node, 'bondy.grant.create', REALM, {
    permissions: ['wamp.call'],
    roles: [`group/${NAME}`],
    uri: REALM,
  });
});

after(async () => {
  await browser?.close();
  await node?.stop();
});

async function isHarmless({ page, complaints }: ConsoleVisit): Promise<void> {
  assert.equal(await page.evaluate('window.pwned'), undefined);
  assert.equal(await page.locator('#injected').count(), 0);
  assert.equal(await page.locator('#console :is(img, script, b, iframe)').count(), 0);
  assert.equal(await page.locator('dialog :is(img, script, b, iframe)').count(), 0);
  assert.deepEqual(await page.evaluate('window.violations'), []);
  assert.deepEqual(complaints(), []);
}

async function cellIs(page: Page, text: string): Promise<void> {
  await page.locator('.listing td', { hasText: text }).first().waitFor();
}

test('a realm, its users, groups, grants and their meta are shown as text', { skip }, async () => {
  const visit = await openSection(browser, node, 'users', REALM);
  const { page } = visit;
  await cellIs(page, NAME);
  await cellIs(page, JSON.stringify({ [TEXT]: TEXT }));
  await textIs(page, '.crumb-realm', /^com\.example\.<img.*>$/);
  await press(row(page, NAME), 'Edit');
  await page.locator('dialog h2', { hasText: `Edit ${NAME}` }).waitFor();
  await press(page.locator('dialog'), 'Save');
  await page.locator('dialog').waitFor({ state: 'detached' });
  for (const [section, text] of [
    ['Groups', NAME],
    ['Grants', REALM],
  ] as const) {
    await page.locator('.console-bar a', { hasText: section }).click();
    await cellIs(page, text);
  }
  await page.locator('.crumbs a').click();
  await cellIs(page, TEXT);
  await press(row(page, REALM), 'Delete');
  await page.locator('dialog label', { hasText: `Write ${REALM}` }).waitFor();
  await isHarmless(visit);
  await page.close();
});

test('procedures, topics and the answer to a question are shown as text', { skip }, async (t) => {
  const client = await join(node, REALM);
  t.after(() => client.destroy());
  await client.register(`com.${MARKUP}.procedure`);
  await client.subscribe(`com.${MARKUP}.topic`);
  const visit = await openSection(browser, node, 'procedures', REALM);
  const { page } = visit;
  await press(row(page, `com.${MARKUP}.procedure`), 'Callees');
  await page.locator('dialog h2', { hasText: MARKUP }).waitFor();
  await press(page.locator('dialog'), 'Close');
  await page.locator('.console-bar a', { hasText: 'Topics' }).click();
  await cellIs(page, `com.${MARKUP}.topic`);
  await page.locator('.console-bar a', { hasText: 'Why denied?' }).click();
  await page.locator('.explain [name=authid]').fill(NAME);
  await page.locator('.explain [name=resource]').fill(TEXT);
  await press(page, 'Explain');
  await page.locator('.steps li', { hasText: `wamp.call on ${TEXT}` }).waitFor();
  await page
    .locator('.steps li', { hasText: `group/${NAME} is granted` })
    .first()
    .waitFor();
  await isHarmless(visit);
  await page.close();
});

test('an answer may have markup in every field that it has', { skip }, async () => {
  const transport = { type: TEXT, tls: true, listener: TEXT, peer: TEXT };
  const answers: Readonly<Record<string, object>> = {
    'bondy.session.details': {
      ...{ session: TEXT, authid: TEXT, authrole: TEXT, authmethod: TEXT, transport },
    },
    'bondy.registration.list': { uri: TEXT, match: TEXT, invoke: TEXT, created: TEXT, id: TEXT },
    'bondy.subscription.list': { uri: TEXT, match: TEXT, created: TEXT, id: TEXT },
    'bondy.user.list': {
      ...{
        username: TEXT,
        enabled: false,
        groups: [TEXT],
        aliases: [TEXT],
        meta: { [TEXT]: TEXT },
      },
      sso_realm_uri: TEXT,
    },
    'bondy.group.list': { name: TEXT, groups: [TEXT], meta: { [TEXT]: TEXT } },
    'bondy.grant.list': {
      ...{ roles: [TEXT], permissions: [TEXT], resource: { uri: TEXT, match: TEXT } },
    },
    'bondy.realm.list': {
      ...{ uri: `javascript:window.pwned=1//${TEXT}`, security_status: TEXT, authmethods: [TEXT] },
      ...{ allow_connections: true, description: TEXT },
    },
  };
  const visit = await openSection(browser, node, 'sessions', REALM);
  const { page } = visit;
  await page.route('**/services/call', async (route) => {
    const { procedure } = route.request().postDataJSON() as { procedure: string };
    const row = answers[procedure];
    const json = row
      ? { args: [[row]], kwargs: { total: 1 } }
      : { code: TEXT, message: TEXT, description: TEXT };
    await route.fulfill({ status: row ? 200 : 400, json });
  });
  for (const section of ['Users', 'Sessions', 'Groups', 'Grants', 'Procedures', 'Topics']) {
    await page.locator('.console-bar a', { hasText: section }).click();
    await page.locator('.listing h2', { hasText: section }).waitFor();
    await cellIs(page, TEXT);
  }
  await page.locator('.crumbs a').click();
  await page.locator('.listing td a', { hasText: 'javascript:' }).click();
  await page.locator('.crumb-realm', { hasText: 'javascript:' }).waitFor();
  await page.locator('.console-bar a', { hasText: 'Why denied?' }).click();
  await press(page, 'Explain');
  await page.locator('.explain .form-error', { hasText: TEXT }).waitFor();
  await isHarmless(visit);
  await page.close();
});
