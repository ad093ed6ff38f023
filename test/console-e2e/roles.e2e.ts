/** What different people see, and what two tabs know of each other. */
import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { signIn, useConsole } from './support/console.ts';
import { previewAll } from './support/revoking.ts';

const web = useConsole();

const revokeButtons = (page: Page) => page.getByRole('main').getByRole('button', { name: /revoke|give up/i });

test('a reader sees every list, and no button that revokes', async () => {
  const { user_id } = web.user('grantee');
  const [key] = web.service.demo.keys;
  const lists: [path: string, text: string][] = [
    ['/', 'orders'],
    [`/principals/${user_id}`, 'payroll-audit'],
    [`/keys/${key?.key_id}`, 'orders-archive'],
    ['/jobs', 'No job'],
    ['/receipts', 'orders-report'],
  ];
  const { page } = await web.openAs('reader');
  for (const [path, text] of lists) {
    await page.goto(`${web.service.url}/console${path}`);
    await signIn(page, web.user('reader'));
    await page.getByRole('main').getByText(text).first().waitFor();
    expect(await revokeButtons(page).count()).toBe(0);
  }
});

test('what a role may not do is named with the permission that is missing', async () => {
  const { page } = await web.openAs('reader', `/principals/${web.user('grantee').user_id}`);
  await page.getByText('needs kms:grant:revoke-any').waitFor();
});

test('somebody who may not administer finds no administration, and its address says what is missing', async () => {
  const { page } = await web.openAs('reader', '/admin');
  await page.getByText('iam:directory:manage').waitFor();
  expect(await page.getByRole('navigation').getByRole('link', { name: 'Administration' }).count()).toBe(0);
});

test('a second tab learns within seconds that a grant is gone', async () => {
  const { user_id } = web.user('grantee');
  const path = `/principals/${user_id}`;
  const { page, context } = await web.openAs('administrator', path);
  const other = await context.newPage();
  await other.goto(`${web.service.url}/console${path}`);
  await signIn(other, web.user('administrator'));
  await other.getByText('5 of 5', { exact: true }).waitFor();

  await page.getByRole('row').filter({ hasText: 'orders-report' }).getByRole('button', { name: 'Revoke …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('INC-9');
  await dialog.getByRole('button', { name: 'Revoke grant orders-report' }).click();
  await other.getByText('4 of 4', { exact: true }).waitFor({ timeout: 15_000 });
  expect(await other.getByRole('row').filter({ hasText: 'orders-report' }).count()).toBe(0);
});

test("another person's window learns within seconds of a grant that an API call made", async () => {
  const { user_id } = web.user('reader');
  const { page } = await web.openAs('reader', `/principals/${user_id}`);
  await page.getByText('They hold no grant in this project.').waitFor();
  await web.kms('creator', 'create-grant', {
    key_id: web.service.demo.keys[0]?.key_id,
    grantee_principal: user_id,
    operations: ['describe-key'],
    name: 'made-by-api',
  });
  await page.getByRole('row').filter({ hasText: 'made-by-api' }).waitFor({ timeout: 15_000 });
});

test('grants of the person who revokes are marked in the list and counted in the preview', async () => {
  const { user_id } = web.user('administrator');
  const [key] = web.service.demo.keys;
  for (const [name, grantee] of [
    ['mine', user_id],
    ['not-mine', web.user('creator').user_id],
  ]) {
    const operations = ['describe-key'];
    await web.kms('creator', 'create-grant', { key_id: key?.key_id, grantee_principal: grantee, operations, name });
  }
  const { page } = await web.openAs('administrator', `/keys/${key?.key_id}`);
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'mine', exact: true }) });
  await row.getByText('you', { exact: true }).waitFor();
  const other = page.getByRole('row').filter({ hasText: 'not-mine' });
  expect(await other.getByText('you', { exact: true }).count()).toBe(0);
  const dialog = await previewAll(page);
  expect(await dialog.innerText()).toContain('Your own among them: 1 grant');
});
