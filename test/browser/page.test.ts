import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { chromium, type Browser, type Page } from 'playwright-core';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.ts';
import { textIs, visitAt, type Visit } from './visit.ts';
import { HOSTILE_IDS, startSmallNode, type SmallNode } from './small-node.ts';

const executablePath = findChromium();
const skip =
  executablePath === undefined &&
  'NO CHROMIUM FOUND: the page was NOT tested. Install chromium or set $CHROMIUM to its path.';
if (skip !== false) console.error(`\n*** ${skip} ***\n`);

let browser: Browser;
const nodes: SmallNode[] = [];

before(async () => {
  if (skip !== false) return;
  browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS] });
});

after(async () => {
  await browser?.close();
  await Promise.all(nodes.map(({ kernel }) => kernel.stop()));
});

async function startNode(port = 0): Promise<SmallNode> {
  const node = await startSmallNode({ port });
  nodes.push(node);
  return node;
}

function visit({ port }: SmallNode): Promise<Visit> {
  return visitAt(browser, `http://127.0.0.1:${port}/`);
}

function line(page: Page, path: string) {
  return page.locator(`.rows .row[data-key=${JSON.stringify(path)}]`);
}

test('the tree is shown with its node, states and totals', { skip }, async () => {
  const { page, complaints } = await visit(await startNode());
  await line(page, 'root/things/worker').waitFor();
  await line(page, 'root/admin').waitFor();
  assert.match((await line(page, 'root/admin').textContent()) ?? '', /running/);
  await textIs(page, '#node-name', /^small@127\.0\.0\.1$/);
  await textIs(page, '#ready', /^ready$/);
  await textIs(page, '#total-actors', /^8$/);
  assert.deepEqual(complaints, []);
  assert.deepEqual(await page.evaluate('window.violations'), []);
  await page.close();
});

test('names that look like markup are shown as text', { skip }, async () => {
  const { page, complaints } = await visit(await startNode());
  await line(page, 'root/things/worker').waitFor();
  const ids = await page.locator('.rows .id').allTextContents();
  for (const id of HOSTILE_IDS) assert.ok(ids.includes(id), id);
  assert.equal(await page.evaluate('window.pwned'), undefined);
  assert.equal(await page.locator('#injected').count(), 0);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a supervisor opens and closes by mouse and by keyboard', { skip }, async () => {
  const node = await startNode();
  const { page } = await visit(node);
  const worker = line(page, 'root/things/worker');
  await worker.waitFor();
  await line(page, 'root/things').locator('.twist').click();
  await worker.waitFor({ state: 'detached' });
  assert.equal(await line(page, 'root/things').getAttribute('aria-expanded'), 'false');
  await page.locator('#grid').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await worker.waitFor();
  await page.keyboard.press('ArrowRight');
  assert.equal(await worker.getAttribute('aria-selected'), 'true');
  await textIs(page, '#details-title', /^worker$/);
  await page.keyboard.press('ArrowLeft');
  assert.equal(await line(page, 'root/things').getAttribute('aria-selected'), 'true');
  const active = await page.locator('#grid').getAttribute('aria-activedescendant');
  assert.equal(active, await line(page, 'root/things').getAttribute('id'));
  await page.close();
});

test(
  'a kill shows as a restart, live, and a crash as a report with its stack',
  { skip },
  async () => {
    const node = await startNode();
    const { page, complaints } = await visit(node);
    await line(page, 'root/things/worker').waitFor();
    assert.ok(node.kernel.exit('root/things/worker', { kind: 'killed' }));
    await textIs(page, '[data-key="root/things/worker"] > :nth-child(5)', /^1$/);
    await textIs(page, '[data-key="root/things/worker"] > .exit', /killed/);
    node.fail();
    await textIs(page, '[data-key="root/things/worker"] > :nth-child(5)', /^2$/);
    const report = page.locator('#crashes .crash').first();
    await report.waitFor();
    await textIs(page, '#crashes .crash-reason', /asked to <b>fail<\/b>/);
    assert.equal(await report.locator('pre').isVisible(), false);
    await report.locator('button').click();
    assert.match((await report.locator('pre').textContent()) ?? '', /small-node/);
    assert.ok(await report.locator('pre').isVisible());
    assert.deepEqual(complaints, []);
    await page.close();
  },
);

test('the message rate of a busy actor is shown while it works', { skip }, async () => {
  const node = await startNode();
  const { page } = await visit(node);
  await line(page, 'root/things/worker').click();
  const busy = setInterval(() => node.work(100), 20);
  try {
    await textIs(page, '[data-key="root/things/worker"] > :nth-child(4)', /^[1-9],?\d{2,}$/);
  } finally {
    clearInterval(busy);
  }
  await textIs(page, '[data-key="root/things/worker"] > :nth-child(4)', /^0$/);
  assert.ok((await page.locator('.chart polyline').getAttribute('points'))?.includes(','));
  await page.close();
});

test('the filter keeps what matches and what leads to it', { skip }, async () => {
  const { page } = await visit(await startNode());
  await line(page, 'root/admin').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('WORKER');
  await line(page, 'root/admin').waitFor({ state: 'detached' });
  const shown = await page.locator('.rows .id').allTextContents();
  assert.deepEqual(shown.sort(), ['root', 'things', 'worker']);
  await page.keyboard.type('-none');
  await page.locator('#nothing').waitFor();
  await page.keyboard.press('Escape');
  await line(page, 'root/admin').waitFor();
  await page.close();
});

test(
  'ten thousand children are paged, and only lines in sight are in the document',
  { skip },
  async () => {
    const node = await startNode();
    node.startMany(Array.from({ length: 10_000 }, (_, i) => `session-${i}`));
    const { page, complaints } = await visit(node);
    await textIs(page, '#total-actors', /^10,008$/);
    await line(page, 'root/many').locator('.twist').click();
    await line(page, 'root/many/session-3').waitFor();
    for (let shown = 100; shown < 500; shown += 100) {
      await page.locator('#grid').focus();
      await page.keyboard.press('Home');
      const more = page.locator('.row.more');
      while ((await more.count()) === 0) await page.keyboard.press('PageDown');
      await textIs(
        page,
        '.row.more',
        new RegExp(`${(10_000 - shown).toLocaleString('en')} not shown`),
      );
      await more.click();
      await line(page, `root/many/session-${shown}`).waitFor();
    }
    assert.ok((await page.locator('.rows .row').count()) < 80);
    assert.deepEqual(complaints, []);
    await page.close();
  },
);

test('a lost node is shown as disconnected, and its return as live', { skip }, async () => {
  const node = await startNode();
  const { page } = await visit(node);
  await line(page, 'root/things/worker').waitFor();
  await node.kernel.stop();
  await page.waitForSelector('#connection[data-state=disconnected]');
  await line(page, 'root/things/worker').waitFor(); // what was known stays visible
  const again = await startNode(node.port);
  assert.equal(again.port, node.port);
  await page.waitForSelector('#connection[data-state=live]');
  again.fail();
  await page.locator('#crashes .crash').first().waitFor();
  await page.close();
});
