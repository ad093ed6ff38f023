/** Measures the console in a browser: the first screen, and the first rows of a key with very many grants. */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { Demo } from '../local/demo.ts';
import { findChromium, launchChromium } from '../test/console-e2e/support/chromium.ts';
import { createKeysWithGrants } from './fill.ts';
import { type ServerProcess, startService, stop } from './service.ts';
import { columns, median } from './table.ts';

export interface ConsolePlan {
  rounds: number;
  /** Grants of the key whose first rows are awaited. */
  grants: number;
}

export interface ConsoleRound {
  /** Of the files of the first screen, compressed as they were sent. */
  bytes: number;
  files: number;
  firstContentfulPaintMs: number;
  /** First contentful paint of a page with one line of text and no script or style: the shortest time possible here. */
  floorPaintMs: number;
  /** From the key press in the search box to the first rows on the screen. */
  firstRowsMs: number;
  /** Requests about the key until its first rows are there. The search is one more. */
  requestsForRows: number;
}

/** The names that `createKeysWithGrants` gives its keys. */
const ALIAS = 'bench-0';

/** A round has an empty cache. @returns undefined, with a message, if there is no browser */
export async function measureConsole(
  dataDir: string,
  { rounds, grants }: ConsolePlan,
  running: ServerProcess[],
): Promise<ConsoleRound[] | undefined> {
  try {
    findChromium();
  } catch (error) {
    console.error(`The console is not measured. ${(error as Error).message}`);
    return undefined;
  }
  mkdirSync(dataDir);
  const { demo, keys } = await createKeysWithGrants(dataDir, [grants]);
  const keyId = keys[0]?.keyId ?? '';
  const service = await startService(dataDir);
  running.push(service);
  const floor = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>Sign in</p>'));
  await new Promise<void>((resolve) => floor.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  try {
    const results: ConsoleRound[] = [];
    // The first round warms up service and browser.
    for (let round = 0; round <= rounds; round += 1) {
      const floorPaintMs = await measureFloor(browser, (floor.address() as AddressInfo).port);
      results.push({ ...(await measureRound(browser, service.port, demo, keyId)), floorPaintMs });
    }
    return results.slice(1);
  } finally {
    await browser.close();
    floor.close();
    await stop(service);
  }
}

async function measureFloor(browser: Browser, port: number): Promise<number> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction(`${FIRST_CONTENTFUL_PAINT} !== undefined`);
    return await page.evaluate<number>(`${FIRST_CONTENTFUL_PAINT}.startTime`);
  } finally {
    await context.close();
  }
}

const FIRST_CONTENTFUL_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]";

async function measureRound(
  browser: Browser,
  port: number,
  demo: Demo,
  keyId: string,
): Promise<Omit<ConsoleRound, 'floorPaintMs'>> {
  const context = await browser.newContext({ locale: 'en-GB' });
  try {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${port}/console`);
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    const firstScreen = await firstScreenOf(page);
    await signIn(page, demo);
    return { ...firstScreen, ...(await measureFirstRows(page, keyId)) };
  } finally {
    await context.close();
  }
}

/** Source: Resource Timing and Paint Timing of the W3C, as the browser recorded them. */
async function firstScreenOf(page: Page): Promise<Pick<ConsoleRound, 'bytes' | 'files' | 'firstContentfulPaintMs'>> {
  return page.evaluate(`(() => {
    const entries = ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type));
    const files = entries.filter(({ name }) => new URL(name).pathname.startsWith('/console'));
    return {
      files: files.length,
      bytes: files.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
      firstContentfulPaintMs: ${FIRST_CONTENTFUL_PAINT}.startTime,
    };
  })()`);
}

async function signIn(page: Page, { users: [user] }: Demo): Promise<void> {
  await page.getByLabel('Domain').fill(user?.domain_name ?? '');
  await page.getByLabel('User name').fill(user?.name ?? '');
  await page.getByLabel('Password').fill(user?.password ?? '');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: ALIAS }).waitFor();
}

async function measureFirstRows(
  page: Page,
  keyId: string,
): Promise<Pick<ConsoleRound, 'firstRowsMs' | 'requestsForRows'>> {
  const requests: string[] = [];
  // The home page reads its own lists again meanwhile; those do not name the key.
  page.on('request', (request) => {
    if (request.postData()?.includes(keyId)) requests.push(request.url().split('/').at(-1) ?? '');
  });
  await page.getByRole('searchbox').fill(ALIAS);
  const startedAtMs = await page.evaluate<number>('performance.now()');
  await page.keyboard.press('Enter');
  await page.getByText(/^200 of /).waitFor();
  const shownAtMs = await page.evaluate<number>('performance.now()');
  const untilRows = requests.slice(0, requests.indexOf('list-grants') + 1);
  return { firstRowsMs: shownAtMs - startedAtMs, requestsForRows: untilRows.length };
}

export function medianRound(rounds: readonly ConsoleRound[]): ConsoleRound {
  const of = (name: keyof ConsoleRound) => Math.round(median(rounds.map((round) => round[name])));
  return {
    bytes: of('bytes'),
    files: of('files'),
    firstContentfulPaintMs: of('firstContentfulPaintMs'),
    floorPaintMs: of('floorPaintMs'),
    firstRowsMs: of('firstRowsMs'),
    requestsForRows: of('requestsForRows'),
  };
}

/** @returns the aims of the console, and whether they were met */
export function consoleAims(result: ConsoleRound, grants: number): { aim: string; met: boolean }[] {
  return [
    {
      aim: 'the console has at most 130 KB in at most 10 files',
      met: result.bytes <= 130 * 1024 && result.files <= 10,
    },
    { aim: 'its first screen is there within 300 ms', met: result.firstContentfulPaintMs <= 300 },
    {
      aim: `first rows of ${grants.toLocaleString('en')} grants within 1 s and two requests`,
      met: result.firstRowsMs <= 1000 && result.requestsForRows <= 2,
    },
  ];
}

export function consoleLines(result: ConsoleRound, grants: number): string[] {
  return columns([
    ['console', 'bytes', 'files', 'first paint ms', 'floor', 'grants', 'first rows ms', 'requests'],
    [
      'cold cache',
      result.bytes.toLocaleString('en'),
      result.files,
      result.firstContentfulPaintMs,
      result.floorPaintMs,
      grants.toLocaleString('en'),
      result.firstRowsMs,
      result.requestsForRows,
    ],
  ]);
}
