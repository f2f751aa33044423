/** The console in a browser: a real node with a realm, and what a reader does. */
import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Details } from '../support/raw-client.ts';
import { RawClient } from '../support/raw-client.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { visitAt } from './visit.ts';

export const PASSWORD = 'correct horse battery';
export const REALM = 'com.example.one';

export function startConsoleNode(): Promise<NodeHandle> {
  return startTestNode({
    'admin_api.http.enabled': 'on',
    'admin_api.http.port': '0',
    'admin_api.http.max_rate': '10000',
    'security.admin.password': PASSWORD,
  });
}

/** An operation, as the administrator. */
export async function call(
  node: NodeHandle,
  procedure: string,
  ...args: unknown[]
): Promise<unknown> {
  const token = Buffer.from(`admin:${PASSWORD}`).toString('base64');
  const answer = await fetch(`${node.adminUrl}services/call`, {
    method: 'POST',
    headers: { authorization: `Basic ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ procedure, args }),
  });
  const said = (await answer.json()) as { args?: unknown[] };
  assert.equal(answer.status, 200, JSON.stringify(said));
  return said.args?.[0];
}

/** With a group, a user whose password is `secret-1`, and anybody, who may register and subscribe. */
export function realmDocument(uri: string, more: Details = {}): Details {
  return {
    uri,
    authmethods: ['password', 'anonymous'],
    password_opts: { protocols: ['cra'], iterations: 4_096 },
    groups: [{ name: 'devs' }],
    users: [{ username: 'user1', password: 'secret-1', groups: ['devs'] }],
    sources: [
      { usernames: 'all', authmethod: 'password' },
      { usernames: ['anonymous'], authmethod: 'anonymous' },
    ],
    grants: [
      { permissions: ['wamp.register', 'wamp.subscribe'], roles: 'all', uri: '', match: 'prefix' },
      {
        permissions: ['wamp.register', 'wamp.subscribe'],
        roles: 'anonymous',
        uri: '',
        match: 'prefix',
      },
    ],
    ...more,
  };
}

/** A session of anybody. */
export async function join(node: NodeHandle, realm = REALM): Promise<RawClient> {
  const wire = { transport: 'rawsocket', serializer: 'cbor', batched: false } as const;
  return (await RawClient.connect(node.urls, wire)).join({}, realm);
}

export interface ConsoleVisit {
  readonly page: Page;
  /** Without what the browser itself writes of answers that are refusals. */
  complaints(): readonly string[];
}

/** `hash`: `#console/…`. */
export async function openConsole(
  browser: Browser,
  node: NodeHandle,
  hash = '#console',
  width?: number,
): Promise<ConsoleVisit> {
  const { page, complaints } = await visitAt(browser, `${node.adminUrl}${hash}`, width);
  await page.locator('.login').waitFor();
  const isOwn = (text: string): boolean => !text.startsWith('Failed to load resource');
  return { page, complaints: () => complaints.filter(isOwn) };
}

export async function logIn(page: Page, password = PASSWORD, username = 'admin'): Promise<void> {
  await page.locator('.login [name=username]').fill(username);
  await page.locator('.login [name=password]').fill(password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}

export async function openSection(
  browser: Browser,
  node: NodeHandle,
  section: string,
  realm = REALM,
): Promise<ConsoleVisit> {
  const visit = await openConsole(
    browser,
    node,
    `#console/${encodeURIComponent(realm)}/${section}`,
  );
  await logIn(visit.page);
  await visit.page.locator('.console-view').waitFor();
  return visit;
}

export function row(page: Page, text: string): Locator {
  return page.locator('.listing tbody tr', { hasText: text });
}

export function press(where: Page | Locator, name: string): Promise<void> {
  return where.getByRole('button', { name, exact: true }).click();
}
