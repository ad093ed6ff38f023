/** What tests do in the dialogs that revoke, and what they read on the pages after. */
import { expect } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';

/** Opens the preview of everything that the list of the page shows. */
export async function previewAll(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: /^Revoke all .* …$/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/grants? on .* keys? would be revoked/).waitFor();
  return dialog;
}

/** Fills in what the dialog asks for: a reason, and the name of the target if it wants that. */
export async function confirm(dialog: Locator, reason: string, name?: string): Promise<void> {
  await dialog.getByLabel('Reason').fill(reason);
  if (name !== undefined) await dialog.getByLabel(`Type ${name} to confirm`).fill(name);
}

export const dangerButton = (dialog: Locator) => dialog.getByRole('button', { name: /^Revoke \d/ });

/** Waits until the page of a job says that it is done. @returns the id of the job */
export async function untilDone(page: Page): Promise<string> {
  await page.getByRole('heading', { level: 1, name: 'Job' }).waitFor();
  await page.getByRole('main').getByText('done', { exact: true }).waitFor({ timeout: 90_000 });
  return page.url().split('/').at(-1) ?? '';
}

/** Returns the parts of the curl command that the page shows. */
export async function shownCurl(within: Page | Locator): Promise<{ method: string; path: string; body: string }> {
  const details = within.locator('details').filter({ hasText: 'As curl' });
  const text = await details.locator('pre').textContent();
  const [, method = '', url = ''] = /^curl -X (\w+) '([^']+)'/.exec(text ?? '') ?? [];
  const [, quoted = ''] = /--data-raw '(.*)'$/s.exec(text ?? '') ?? [];
  return { method, path: new URL(url).pathname, body: quoted.replaceAll(String.raw`'\''`, "'") };
}

/** Presses the button, and compares what goes out with the command that the dialog showed before. */
export async function expectSentAsShown(page: Page, dialog: Locator, button: Locator): Promise<void> {
  await button.and(page.locator(':enabled')).waitFor();
  const shown = await shownCurl(dialog);
  const sent = page.waitForRequest(
    (request) => request.url().endsWith(shown.path) && request.method() === shown.method,
  );
  await button.click();
  const request = await sent;
  expect(request.method()).toBe(shown.method);
  expect(request.postDataBuffer()).toEqual(Buffer.from(shown.body));
  await dialog.waitFor({ state: 'hidden' });
}
