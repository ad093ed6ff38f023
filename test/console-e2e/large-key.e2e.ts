/** A key with as many grants as makes other consoles time out. */
import { expect, test } from '@jest/globals';
import { startDemo, useConsole } from './support/console.ts';
import { aliasOfKey, keysWithGrants } from './support/fill.ts';

const LARGE = 100_000;
/** Nobody has this id; it is the grantee of all grants. */
const HOLDER = '5f0c1e2d3a4b49788695a4b3c2d1e0f9';
const FILL_TIMEOUT_MS = 300_000;

const web = useConsole({
  start: () => startDemo({ GRANTS_PER_KEY: '1000000' }, keysWithGrants([LARGE], HOLDER)),
  startTimeoutMs: FILL_TIMEOUT_MS,
});

test('the first rows of a key with 100,000 grants take at most two requests', async () => {
  const { keys } = await web.kms('creator', 'list-key-usage', {});
  const keyId = keys.find(({ key_alias }: { key_alias: string }) => key_alias === aliasOfKey(0)).key_id;
  const { page } = await web.openAs('administrator');
  // The home page reads its own lists again meanwhile; those do not name the key.
  const requests: string[] = [];
  page.on('request', (request) => {
    if (request.postData()?.includes(keyId)) requests.push(request.url().split('/').at(-1) ?? '');
  });
  await page.getByRole('searchbox').fill(aliasOfKey(0));
  const startedAtMs = await page.evaluate(() => performance.now());
  await page.keyboard.press('Enter');
  await page.getByText('200 of 100,000', { exact: true }).waitFor();
  const shownAtMs = await page.evaluate(() => performance.now());
  expect(requests.slice(0, requests.indexOf('list-grants') + 1).length).toBeLessThanOrEqual(2);
  expect(requests.filter((name) => name === 'list-grants')).toHaveLength(1);
  expect(page.url()).toContain(keyId);
  process.stdout.write(`first rows of ${LARGE} grants, from the search: ${Math.round(shownAtMs - startedAtMs)} ms\n`);
});
