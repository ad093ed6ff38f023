/** Mappings, sources, users and access keys, for people with te_admin. */
import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { tokenOf } from './support/api.ts';
import { useConsole } from './support/console.ts';
import { expectSentAsShown } from './support/revoking.ts';

const web = useConsole();

/** Presses the button of the dialog, which must send what its curl shows. */
async function confirmAction(page: Page, verb: string | RegExp): Promise<void> {
  const dialog = page.getByRole('dialog');
  await expectSentAsShown(page, dialog, dialog.getByRole('button', { name: verb, exact: true }));
}

test('an administrator disables a user, who then cannot sign in, and enables the user again', async () => {
  const reader = web.user('reader');
  const { page } = await web.openAs('administrator', '/admin/users');
  await page.getByRole('button', { name: 'Disable reader' }).click();
  await confirmAction(page, 'Disable reader');
  await page.getByRole('button', { name: 'Enable reader' }).waitFor();
  const signIn = () => tokenOf(web.service.url, reader, web.service.demo.project_id);
  await expect(signIn()).rejects.toThrow('401');
  await page.getByRole('button', { name: 'Enable reader' }).click();
  await confirmAction(page, 'Enable reader');
  await page.getByRole('button', { name: 'Disable reader' }).waitFor();
  expect(await signIn()).not.toBe('');
});

test('nobody is offered to disable themself', async () => {
  const { page } = await web.openAs('administrator', '/admin/users');
  await page.getByRole('button', { name: 'Disable reader' }).waitFor();
  expect(await page.getByRole('button', { name: 'Disable administrator' }).count()).toBe(0);
});

test('Enter in a fresh dialog of the administration changes nothing', async () => {
  const { page } = await web.openAs('administrator', '/admin/users');
  await page.getByRole('button', { name: 'Disable creator' }).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  expect(await page.getByRole('button', { name: 'Disable creator' }).isVisible()).toBe(true);
});

test('sources are shown without their secrets', async () => {
  const { page } = await web.openAs('administrator', '/admin/sources');
  await page.getByText('/hooks/bot').first().waitFor();
  expect(await page.content()).not.toContain('whsec_');
});

test('an administrator adds a mapping, finds it on the page of its person, and removes it', async () => {
  const { user_id } = web.user('grantee');
  const identity = 'grantee@example.com';
  const { page } = await web.openAs('administrator', '/admin/mappings');
  const form = page.getByRole('region', { name: 'Add a mapping' });
  await form.getByLabel('Identity').fill(identity);
  await form.getByLabel('Principal id').fill(user_id);
  await form.getByRole('button', { name: 'Add a mapping' }).click();
  await confirmAction(page, 'Add the mapping');
  const row = page.getByRole('row').filter({ hasText: identity });
  await row.getByRole('link', { name: 'grantee' }).click();
  await page.getByRole('heading', { level: 1, name: 'grantee' }).waitFor();
  await page.getByText(identity).waitFor();
  await page.goBack();
  await row.getByRole('button', { name: `Remove ${identity}` }).click();
  await confirmAction(page, 'Remove the mapping');
  await row.waitFor({ state: 'detached' });
  const { mappings } = await web.kms('administrator', 'list-mappings', { identity });
  expect(mappings).toEqual([]);
});
