/** What a page must not have: errors in the console, uncaught errors, failed requests, violations of the CSP. */
import type { BrowserContext, ConsoleMessage, Page, Request } from 'playwright-core';

export interface Problems {
  /** What was found so far, except what the test expects. */
  found(): string[];
  /** The test causes this itself, such as the line that the browser logs for a reply with status 401. */
  expect(pattern: RegExp): void;
}

const VIOLATION = 'CSP violation:';

/** Records the problems of every page of the context, from its first document on. */
export async function recordProblems(context: BrowserContext): Promise<Problems> {
  const all: string[] = [];
  const expected: RegExp[] = [];
  await context.addInitScript((prefix) => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile }) => {
      console.error(`${prefix} ${effectiveDirective} ${blockedURI} ${sourceFile}`);
    });
  }, VIOLATION);
  context.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error' || message.type() === 'warning')
      all.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => all.push(`uncaught: ${error.error().message}`));
  context.on('requestfailed', (request: Request) => {
    const failure = request.failure()?.errorText;
    // A page that goes, and a query that is no longer wanted, cancel their requests.
    if (failure !== 'net::ERR_ABORTED') all.push(`request failed: ${failure} ${request.url()}`);
  });
  return {
    found: () => all.filter((problem) => !expected.some((pattern) => pattern.test(problem))),
    expect: (pattern) => expected.push(pattern),
  };
}

/** Returns what the page has stored in the browser, by kind. */
export async function storedBy(page: Page): Promise<Record<string, unknown>> {
  return page.evaluate(async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: 'caches' in window ? await caches.keys() : [],
    cookies: document.cookie,
    workers: (await navigator.serviceWorker?.getRegistrations())?.length ?? 0,
  }));
}

export const NOTHING_STORED = { local: [], session: [], databases: [], caches: [], cookies: '', workers: 0 };
