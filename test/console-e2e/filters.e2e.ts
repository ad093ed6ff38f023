/** Filters, selections, and the requests that they lead to. */
import { expect, test } from '@jest/globals';
import type { Locator, Page, Request } from 'playwright-core';
import { startDemo, useConsole } from './support/console.ts';
import { aliasOfKey, keysWithGrants } from './support/fill.ts';
import { confirm, dangerButton, expectSentAsShown } from './support/revoking.ts';

const HOLDER = '5f0c1e2d3a4b49788695a4b3c2d1e0f9';
const web = useConsole({ start: () => startDemo({}, keysWithGrants([450], HOLDER)) });

async function keyId(): Promise<string> {
  const { keys } = await web.kms('creator', 'list-key-usage', {});
  return keys.find(({ key_alias }: { key_alias: string }) => key_alias === aliasOfKey(0)).key_id;
}

/** The next request for a list whose body has the text: lists are also read again every few seconds. */
const listRequest = (page: Page, text: string) =>
  page.waitForRequest((request) => request.url().endsWith('/list-grants') && !!request.postData()?.includes(text));
const bodyOf = (request: Request) => JSON.parse(request.postData() ?? '{}');

/** Selects all that fit the filter of the page, and opens the preview. */
async function previewFilter(page: Page): Promise<Locator> {
  await page.getByLabel('Select the rows shown').check();
  await page.getByRole('button', { name: /^Select all .* that fit the filter$/ }).click();
  await page.getByRole('button', { name: 'Preview the revocation …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('would be revoked').waitFor();
  return dialog;
}

test('a change of the filter starts at the first page', async () => {
  const { page } = await web.openAs('administrator', `/keys/${await keyId()}`);
  await page.getByText('200 of 450', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Load 200 more' }).click();
  await page.getByText('400 of 450', { exact: true }).waitFor();
  const request = listRequest(page, HOLDER);
  await page.getByLabel('Held by (id)').fill(HOLDER);
  await page.getByRole('button', { name: 'Apply' }).click();
  expect(bodyOf(await request)).toEqual({ key_id: await keyId(), grantee_principal: HOLDER, limit: 200 });
  await page.getByText('200 of 450', { exact: true }).waitFor();
  expect(page.url()).toContain(`grantee=${HOLDER}`);
});

test('the button that revokes the whole list is in sight without scrolling, also beside a selection', async () => {
  const { page } = await web.openAs('administrator', `/keys/${await keyId()}`);
  await page.getByText('200 of 450', { exact: true }).waitFor();
  const button = page.getByRole('region', { name: 'Who can use it' }).getByRole('button', { name: 'Revoke all 450 …' });
  const { y = Number.NaN, height = 0 } = (await button.boundingBox()) ?? {};
  expect(y).toBeGreaterThan(0);
  expect(y + height).toBeLessThan((await page.getByRole('table').first().boundingBox())?.y ?? 0);
  expect(y + height).toBeLessThan(page.viewportSize()?.height ?? 0);
  await page.getByLabel('Select the rows shown').check();
  await page.getByText('200 selected', { exact: true }).waitFor();
  expect(await button.isVisible()).toBe(true);
});

test('a new search shows its own results, not a later page of the search before', async () => {
  const { page } = await web.openAs('reader', '/?q=payroll');
  await page.getByRole('heading', { level: 1, name: 'payroll' }).waitFor();
  await page.getByRole('searchbox').fill('orders');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'orders' }).waitFor();
});

test('what is selected by a filter is exactly that filter, also after a grant outside of it is made', async () => {
  const { user_id } = web.user('grantee');
  const [orders] = web.service.demo.keys;
  const { page } = await web.openAs('administrator', `/principals/${user_id}?key=${orders?.key_id}`);
  await page.getByText('3 of 3', { exact: true }).waitFor();
  await page.getByLabel('Operation').selectOption('describe-key');
  await page.getByText('1 match in 3 of 3 loaded').waitFor();
  const dialog = await previewFilter(page);
  await dialog.getByText(/^1 grants? on 1 keys? would be revoked/).waitFor();

  // Of the same person on the same key, but without the operation of the filter.
  await web.kms('creator', 'create-grant', {
    key_id: orders?.key_id,
    grantee_principal: user_id,
    operations: ['encrypt-data'],
    name: 'outside',
  });
  const selection = { grantee_principal: user_id, key_id: orders?.key_id, operations: ['describe-key'] };
  const expected = await web.kms('administrator', 'create-revocation-job', { ...selection, dry_run: true });
  await confirm(dialog, 'INC-13');
  const sent = page.waitForRequest(
    (request) => request.url().endsWith('create-revocation-job') && !request.postData()?.includes('dry_run'),
  );
  await dangerButton(dialog).click();
  expect(bodyOf(await sent)).toMatchObject({ ...selection, digest: expected.digest });
  await page.getByRole('main').getByText('done', { exact: true }).waitFor({ timeout: 60_000 });
  const { grants } = await web.kms('creator', 'list-principal-grants', { grantee_principal: user_id });
  const names = grants.map(({ name }: { name: string }) => name);
  expect(names).toContain('outside');
  expect(names).not.toContain('orders-report');
});

test('each request that a button sends is, byte for byte, the curl that stands beside it', async () => {
  const { page } = await web.openAs('administrator', `/principals/${web.user('grantee').user_id}`);
  const row = page.getByRole('row').filter({ hasText: 'payroll-audit' });
  await row.getByRole('button', { name: 'Revoke …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill(`it's "INC-14" – 撤销`);
  await expectSentAsShown(page, dialog, dialog.getByRole('button', { name: 'Revoke grant payroll-audit' }));
});

test('the curl of the creator, who revokes one grant at a time, is what the button sends', async () => {
  const { page } = await web.openAs('creator', `/principals/${web.user('grantee').user_id}`);
  const row = page.getByRole('row').filter({ hasText: 'payroll-service' });
  await row.getByRole('button', { name: 'Revoke …' }).click();
  const dialog = page.getByRole('dialog');
  await expectSentAsShown(page, dialog, dialog.getByRole('button', { name: 'Revoke grant payroll-service' }));
});

test('the curl of giving a grant up is what the button sends', async () => {
  const { page } = await web.openAs('grantee', `/principals/${web.user('grantee').user_id}`);
  const row = page.getByRole('row').filter({ hasText: 'orders-archive' });
  await row.getByRole('button', { name: 'Give up …' }).click();
  const dialog = page.getByRole('dialog');
  await expectSentAsShown(page, dialog, dialog.getByRole('button', { name: 'Give up grant orders-archive' }));
});
