/** What the service sends with the page, and the console of services with other settings. */
import { expect, test } from '@jest/globals';
import { startDemo, useConsole } from './support/console.ts';

const web = useConsole();

/** Source: shared reference of the console's headers; Content Security Policy Level 3. */
const DIRECTIVES = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
];

test('the page has a strict policy, is never stored, and its files are immutable', async () => {
  const { page } = await web.open();
  const response = await page.request.get(`${web.service.url}/console/keys/any`);
  const headers = response.headers();
  const policy = (headers['content-security-policy'] ?? '').split('; ');
  expect(policy).toEqual(expect.arrayContaining(DIRECTIVES));
  expect(policy.join()).not.toMatch(/unsafe|https?:|\*/);
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['cache-control']).toBe('no-store');
  const script = /src="([^"]+\.js)"/.exec(await response.text())?.[1] ?? '';
  const file = await page.request.get(web.service.url + script);
  expect(file.headers()['cache-control']).toBe('public, max-age=31536000, immutable');
});

test('the first screen takes at most 130 KB in at most 10 files', async () => {
  const { page } = await web.open();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  const entries = await page.evaluate(() =>
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map((entry) => {
      const { name, encodedBodySize } = entry as PerformanceResourceTiming;
      return { name, encodedBodySize };
    }),
  );
  const files = entries.filter(({ name }) => name.includes('/console'));
  expect(files.length).toBeGreaterThan(1);
  expect(files.length).toBeLessThanOrEqual(10);
  expect(files.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)).toBeLessThanOrEqual(130 * 1024);
});

test('nothing is asked of another origin', async () => {
  const { page } = await web.open();
  const origins = new Set<string>();
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  expect([...origins]).toEqual([web.service.url]);
});

test('with CONSOLE=off there is no console, and the APIs answer as before', async () => {
  const without = await startDemo({ CONSOLE: 'off' });
  try {
    expect((await fetch(`${without.url}/console`)).status).toBe(404);
    expect((await fetch(`${without.url}/console/keys/any`)).status).toBe(404);
    expect((await fetch(`${without.url}/`)).status).toBe(300);
  } finally {
    await without.stop();
  }
});
