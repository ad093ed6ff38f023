/** Lists with very many grants, and a service that dies while it revokes them. */
import { expect, test } from '@jest/globals';
import { startDemo, useConsole } from './support/console.ts';
import { aliasOfKey, keysWithGrants } from './support/fill.ts';
import { confirm, dangerButton, previewAll, untilDone } from './support/revoking.ts';

const HELD = 3_000;
/** Nobody has this id; it is the grantee of all grants. */
const HOLDER = '5f0c1e2d3a4b49788695a4b3c2d1e0f9';
const SIZES = [1_001, HELD];

let demo: Awaited<ReturnType<typeof startDemo>>;
const web = useConsole({
  async start() {
    demo = await startDemo({ GRANTS_PER_KEY: '1000000' }, keysWithGrants(SIZES, HOLDER));
    return demo;
  },
});

async function keyIdOf(alias: string): Promise<string> {
  const { keys } = await web.kms('creator', 'list-key-usage', {});
  return keys.find(({ key_alias }: { key_alias: string }) => key_alias === alias).key_id;
}

test('of 1,001 grants the last one is reached by keyboard, and the count line says 1,001', async () => {
  const keyId = await keyIdOf(aliasOfKey(0));
  const { page } = await web.openAs('administrator', `/keys/${keyId}`);
  await page.getByText('200 of 1,001', { exact: true }).waitFor();
  const more = page.getByRole('button', { name: /^Load \d+ more$/ });
  for (const loaded of ['400', '600', '800', '1,000', '1,001']) {
    await more.focus();
    await page.keyboard.press('Enter');
    await page.getByText(`${loaded} of 1,001`, { exact: true }).waitFor();
  }
  expect(await more.count()).toBe(0);
  // The focus is on the first row that came last; it is the last one.
  const last = page.getByRole('table', { name: 'Who can use it' }).getByRole('row').last();
  expect(await last.evaluate((row) => row === document.activeElement)).toBe(true);
  expect(await last.innerText()).toContain('bench-1000');
  await page.keyboard.press('x');
  await page.getByText('1 selected').waitFor();
});

test('rows are in the order of the service', async () => {
  const keyId = await keyIdOf(aliasOfKey(0));
  const { grants } = await web.kms('creator', 'list-grants', { key_id: keyId, limit: 50 });
  const { page } = await web.openAs('reader', `/keys/${keyId}`);
  await page.getByText('200 of 1,001', { exact: true }).waitFor();
  const names = await page
    .getByRole('row')
    .getByRole('link', { name: /^bench-\d+$/ })
    .allInnerTexts();
  expect(names.slice(0, 50)).toEqual(grants.map(({ name }: { name: string }) => name));
});

test('a job goes on when the service is killed and started again, and its page recovers by itself', async () => {
  const keyId = await keyIdOf(aliasOfKey(1));
  const { page, problems } = await web.openAs('administrator', `/keys/${keyId}`);
  problems.expect(/net::ERR_CONNECTION_REFUSED|net::ERR_CONNECTION_RESET|net::ERR_EMPTY_RESPONSE/);
  const dialog = await previewAll(page);
  await confirm(dialog, 'INC-10', aliasOfKey(1));
  await dangerButton(dialog).click();
  await page.getByRole('heading', { level: 1, name: 'Job' }).waitFor();
  await demo.process.stop('SIGKILL');
  await page.getByRole('status').filter({ hasText: 'Cannot reach the service, trying again.' }).waitFor();
  expect(await page.getByRole('main').getByText('done', { exact: true }).count()).toBe(0);
  await demo.restart();
  const jobId = await untilDone(page);
  const { jobs } = await web.kms('administrator', 'list-jobs', {});
  expect(jobs[0]).toMatchObject({ job_id: jobId, state: 'done', revoked: HELD, remaining: 0 });
  expect((await web.kms('creator', 'list-grants', { key_id: keyId })).total).toBe(0);
});
