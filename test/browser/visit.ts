/** A page of the admin server in a browser, with an ear for everything it complains about. */
import type { Browser, Page } from 'playwright-core';

export interface Visit {
  readonly page: Page;
  /** Everything the console complained about. */
  readonly complaints: string[];
}

/** Resolves when the tree's stream is live. `window.violations` of the page has what its policy forbade. */
export async function visitAt(browser: Browser, url: string, width = 1280): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript(
    "window.violations = []; addEventListener('securitypolicyviolation', (e) => window.violations.push(e.violatedDirective))",
  );
  await page.goto(url);
  await page.waitForSelector('#connection[data-state=live]');
  return { page, complaints };
}

/** Waits until the text of a place is as wanted. (The page's policy forbids waitForFunction's eval.) */
export async function textIs(page: Page, selector: string, wanted: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: wanted }).first().waitFor();
}
