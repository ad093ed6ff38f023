/** Shortcuts, fields and dialogs with the keyboard alone. */
import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { useConsole } from './support/console.ts';
import { previewAll } from './support/revoking.ts';

const web = useConsole();

const personPath = () => `/principals/${web.user('grantee').user_id}`;
/** The row of the table that has the focus, by its place; the header is 0, and -1 is none. */
const focusedRow = (page: Page) =>
  page.evaluate(() => [...document.querySelectorAll('[role=row]')].indexOf(document.activeElement as Element));
const focusIsOnSearch = (page: Page) => page.getByRole('searchbox').evaluate((box) => box === document.activeElement);

async function openPerson() {
  const open = await web.openAs('administrator', personPath());
  await open.page
    .getByText(/^\d of \d$/)
    .first()
    .waitFor();
  await open.page.getByRole('heading', { level: 1 }).focus();
  return open;
}

/** What each shortcut of the help does, tried by pressing it. */
const SHORTCUTS: Record<string, (page: Page) => Promise<void>> = {
  async '/'(page) {
    await page.keyboard.press('/');
    expect(await focusIsOnSearch(page)).toBe(true);
    expect(await page.getByRole('searchbox').inputValue()).toBe('');
  },
  async '?'(page) {
    await page.getByRole('heading', { level: 1 }).focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
  },
  async j(page) {
    await page.getByRole('heading', { level: 1 }).focus();
    await page.keyboard.press('j');
    expect(await focusedRow(page)).toBe(1);
    await page.keyboard.press('j');
    expect(await focusedRow(page)).toBe(2);
  },
  async k(page) {
    await page.keyboard.press('k');
    expect(await focusedRow(page)).toBe(1);
  },
  async x(page) {
    await page.keyboard.press('x');
    await page.getByText('1 selected').waitFor();
    await page.keyboard.press('x');
    await page.getByText('1 selected').waitFor({ state: 'hidden' });
  },
};

test('every shortcut that the help lists does what the help says', async () => {
  const { page } = await openPerson();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  const listed = await dialog.locator('kbd').allInnerTexts();
  await dialog.getByRole('button', { name: 'Close' }).click();
  expect(listed.sort()).toEqual(Object.keys(SHORTCUTS).sort());
  for (const press of Object.values(SHORTCUTS)) await press(page);
});

test('no shortcut fires while a field has the focus', async () => {
  const { page } = await openPerson();
  const box = page.getByRole('searchbox');
  await box.focus();
  await page.keyboard.type('x?/jk');
  expect(await box.inputValue()).toBe('x?/jk');
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await page.getByText(/ selected$/).count()).toBe(0);
  // A key that deletes rows elsewhere only deletes characters here.
  await page.keyboard.press('Delete');
  await page.keyboard.press('Backspace');
  expect(await box.inputValue()).toBe('x?/j');
  const { total } = await web.kms('creator', 'list-principal-grants', {
    grantee_principal: web.user('grantee').user_id,
  });
  expect(total).toBe(5);
});

test('shortcuts of one letter can be turned off', async () => {
  const { page } = await openPerson();
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByLabel('Shortcuts of one letter').uncheck();
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { level: 1 }).focus();
  await page.keyboard.press('?');
  await page.keyboard.press('j');
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await focusedRow(page)).toBe(-1);
});

test('Enter in a fresh dialog revokes nothing, for the focus is on Cancel', async () => {
  const { page } = await openPerson();
  const dialog = await previewAll(page);
  expect(await dialog.getByRole('button', { name: 'Cancel' }).evaluate((it) => it === document.activeElement)).toBe(
    true,
  );
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  expect((await web.kms('administrator', 'list-jobs', {})).jobs).toEqual([]);
});

test('Enter in the field for the reason or for the name revokes nothing', async () => {
  const { page } = await openPerson();
  const dialog = await previewAll(page);
  await dialog.getByLabel('Type grantee to confirm').fill('grantee');
  await dialog.getByLabel('Reason').fill('INC-11');
  await page.keyboard.press('Enter');
  await dialog.getByLabel('Type grantee to confirm').press('Enter');
  expect(await dialog.isVisible()).toBe(true);
  expect((await web.kms('administrator', 'list-jobs', {})).jobs).toEqual([]);
});

test('the name of another target does not enable the button', async () => {
  const { page } = await openPerson();
  const dialog = await previewAll(page);
  const button = dialog.getByRole('button', { name: 'Revoke 5 grants' });
  await dialog.getByLabel('Reason').fill('INC-12');
  for (const [typed, isEnabled] of [
    ['', false],
    ['Grantee', false],
    ['creator', false],
    ['grantee', true],
  ] as const) {
    await dialog.getByLabel('Type grantee to confirm').fill(typed);
    expect(await button.isEnabled()).toBe(isEnabled);
  }
});

test('the keyboard alone opens a person, reads the preview and cancels', async () => {
  const { page } = await web.openAs('administrator');
  expect(await focusIsOnSearch(page)).toBe(true);
  await page.keyboard.type('grantee');
  await page.keyboard.press('Enter');
  await page.getByText('5 of 5', { exact: true }).waitFor();
  const button = page.getByRole('button', { name: 'Revoke all 5 …' });
  const isThere = () => button.evaluate((it) => it === document.activeElement);
  for (let tabs = 0; tabs < 120 && !(await isThere()); tabs += 1) await page.keyboard.press('Tab');
  expect(await isThere()).toBe(true);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText('5 grants on 2 keys would be revoked.').waitFor();
  await page.keyboard.press('Escape');
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await isThere()).toBe(true);
});
