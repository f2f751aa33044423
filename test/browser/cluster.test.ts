/** The cluster on the page: two real nodes, then one of them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startAdminCluster, startAdminNode, type AdminCluster } from '../support/admin-cluster.ts';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.ts';
import { textIs, visitAt } from './visit.ts';

const executablePath = findChromium();
const skip =
  executablePath === undefined &&
  'NO CHROMIUM FOUND: the page was NOT tested. Install chromium or set $CHROMIUM to its path.';
if (skip !== false) console.error(`\n*** ${skip} ***\n`);

const A = 'a@127.0.0.1';
const B = 'b@127.0.0.1';

let browser: Browser;
let cluster: AdminCluster;

before(async () => {
  if (skip !== false) return;
  browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS] });
  cluster = await startAdminCluster([A, B]);
  await cluster.nodes[0]!.until(({ members }) => members.states.up === 2);
});

after(async () => {
  await browser?.close();
  await cluster?.stop();
});

/** The texts of a card's cells, row by row. */
async function rowsOf(page: Page, table: string): Promise<string[][]> {
  const rows = await page.locator(`table[aria-label="${table}"] tbody tr`).all();
  return Promise.all(rows.map((row) => row.locator('td').allTextContents()));
}

test('a node that is alone has no view of a cluster', { skip }, async (t) => {
  const alone = await startAdminNode({ 'node.name': A });
  t.after(() => alone.node.stop());
  const { page, complaints } = await visitAt(browser, `${alone.url}#cluster`);
  await page.locator('body[data-cluster=off] #grid').waitFor();
  assert.equal(await page.locator('#views a[href="#cluster"]').isVisible(), false);
  assert.equal(await page.locator('#cluster').isVisible(), false);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('the cluster is a view beside the tree, with an address of its own', { skip }, async () => {
  const { page, complaints } = await visitAt(browser, cluster.nodes[0]!.url);
  await page.locator('#grid').waitFor();
  assert.equal(await page.locator('#cluster').isVisible(), false);
  await page.locator('#views a', { hasText: 'Cluster' }).click();
  await page.locator('#card-members').waitFor();
  assert.equal(await page.locator('#grid').isVisible(), false);
  assert.match(page.url(), /#cluster$/);
  await page.goBack();
  await page.locator('#grid').waitFor();
  assert.equal(await page.locator('#cluster').isVisible(), false);
  assert.deepEqual(complaints, []);
  assert.deepEqual(await page.evaluate('window.violations'), []);
  await page.close();
});

test('members, links by channel, partitions and exchanges are shown, live', { skip }, async () => {
  const { page, complaints } = await visitAt(browser, `${cluster.nodes[0]!.url}#cluster`);
  await textIs(page, '#cluster-members', /^2 of 2$/);
  await textIs(page, '#cluster-out', /^[\d.]+ [KM]?B$/);
  const [a, b] = await rowsOf(page, 'Members');
  assert.deepEqual([a![0], a![1], a![3]], [`${A} (this)`, 'up', '–']);
  assert.deepEqual([b![0], b![1]], [B, 'up']);
  await textIs(page, 'table[aria-label="Members"] tr:nth-child(2) td:nth-child(4)', / ms$/);
  const links = await rowsOf(page, 'Links');
  assert.deepEqual(
    links.map(([peer, , channel]) => [peer, channel]),
    [
      [B, 'control'],
      ['', 'broadcast'],
      ['', 'relay'],
      ['', 'store'],
    ],
  );
  for (const [, , , sockets] of links) assert.match(sockets!, /^(\d)\/\1$/);
  // Heartbeats are said all the time, so control always has a rate.
  await textIs(page, 'table[aria-label="Links"] tr:first-child td:nth-child(6)', /B\/s$/);
  assert.equal((await rowsOf(page, 'Store: partitions')).length, 16);
  await textIs(page, 'table[aria-label="Store: exchanges"] td:nth-child(2)', /^equal$/);
  await textIs(page, '#card-broadcast .card-note', /^direct to each member · 1 neighbour · /);
  assert.equal((await rowsOf(page, 'Registrations and subscriptions')).length, 2);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('on a narrow screen nothing is wider than the screen', { skip }, async () => {
  const { page } = await visitAt(browser, `${cluster.nodes[0]!.url}#cluster`, 390);
  await textIs(page, '#cluster-members', /^2 of 2$/);
  const width = await page.evaluate('document.documentElement.scrollWidth');
  assert.ok((width as number) <= 390, `${width}`);
  await page.close();
});

test('a node that ends is shown as down, and an answer that fails as stale', { skip }, async () => {
  const [a, b] = cluster.nodes;
  const { page } = await visitAt(browser, `${a!.url}#cluster`);
  await textIs(page, '#cluster-members', /^2 of 2$/);
  await b!.node.stop();
  await page.locator('table[aria-label="Members"] tr[data-state=down]').waitFor();
  await textIs(page, '#cluster-members', /^1 of 2$/);
  await textIs(page, '#cluster-links', /^0$/);
  await a!.node.stop();
  await page.locator('#cluster[data-feed=stale]').waitFor();
  assert.equal((await rowsOf(page, 'Members')).length, 2);
  await page.close();
});
