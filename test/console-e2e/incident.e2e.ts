/** An incident from the search to the proof: somebody leaves, and everything that they hold has to go. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { useConsole } from './support/console.ts';
import { parseCsv } from './support/csv.ts';
import { confirm, dangerButton, previewAll, shownCurl, untilDone } from './support/revoking.ts';

const web = useConsole();

test('a person is found, previewed, revoked after a change underneath, followed to the end, and proven', async () => {
  const { page, problems } = await web.openAs('administrator');
  // The service refuses the first attempt, and the browser logs that.
  problems.expect(/status of 400/);
  const { user_id } = web.user('grantee');

  // The only match of a search is opened at once.
  await page.getByRole('searchbox').fill('grantee');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'grantee' }).waitFor();
  await page.getByText('5 of 5', { exact: true }).waitFor();

  const dialog = await previewAll(page);
  expect(await dialog.getByText('5 grants on 2 keys would be revoked.').isVisible()).toBe(true);
  expect(await dangerButton(dialog).isDisabled()).toBe(true);

  const [key] = web.service.demo.keys;
  await web.kms('creator', 'create-grant', {
    key_id: key?.key_id,
    grantee_principal: user_id,
    operations: ['describe-key'],
    name: 'granted-meanwhile',
  });

  // A reason that a spreadsheet would run as a formula.
  await confirm(dialog, '=HYPERLINK("http://example.com","INC-7")', 'grantee');
  await dangerButton(dialog).click();
  const change = dialog.getByRole('alert').filter({ hasText: 'Nothing has been revoked.' });
  await change.waitFor();
  expect(await change.innerText()).toContain('The preview had 5 grants.');
  expect(await change.innerText()).toContain('granted-meanwhile');
  const listed = await web.kms('creator', 'list-principal-grants', { grantee_principal: user_id });
  expect(listed.total).toBe(6);

  await change.getByRole('button', { name: 'Show the new preview' }).click();
  await dialog.getByText('6 grants on 2 keys would be revoked.').waitFor();
  const { body } = await shownCurl(dialog);
  const sent = page.waitForRequest(
    (request) => request.url().endsWith('create-revocation-job') && !request.postData()?.includes('dry_run'),
  );
  await dangerButton(dialog).click();
  expect((await sent).postData()).toBe(body);

  const jobId = await untilDone(page);
  const job = await web.kms('administrator', 'list-jobs', {});
  expect(job.jobs[0]).toMatchObject({ job_id: jobId, state: 'done', revoked: 6, remaining: 0 });
  expect((await web.kms('creator', 'list-principal-grants', { grantee_principal: user_id })).total).toBe(0);

  await page.getByRole('main').getByRole('link', { name: 'Receipts of grantee' }).click();
  await page.getByRole('heading', { level: 1, name: 'Receipts' }).waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  const csv = readFileSync(await (await download).path(), 'utf8');
  const { header, rows } = parseCsv(csv);
  const receipts = rows.filter((row) => row['job_id'] === jobId || row['request_id'] === jobId);
  expect(receipts.length).toBeGreaterThanOrEqual(6);
  expect(header).toEqual(expect.arrayContaining(['event_id', 'action', 'grant_id', 'actor', 'reason']));
  // A leading apostrophe makes spreadsheets take the cell as text. Source: OWASP, CSV Injection.
  for (const { reason } of receipts) expect(reason).toBe(`'=HYPERLINK("http://example.com","INC-7")`);
});

test('a receipt has an address of its own that tells who did what, when, and through which channel', async () => {
  const { events } = await web.kms('creator', 'list-grant-events', {});
  const event = events.find(({ action }: { action: string }) => action === 'create-grant');
  const { page } = await web.openAs('reader', `/receipts/${event.event_id}`);
  await page.getByRole('heading', { level: 1, name: 'Receipt' }).waitFor();
  await page.getByRole('main').getByRole('link', { name: 'creator' }).first().waitFor();
  const text = await page.getByRole('main').innerText();
  expect(text).toContain(event.event_id);
  expect(text).toContain(event.request_id);
  expect(text).toContain(event.grant_id);
});

test('the JSON export contains exactly the events that list-grant-events returns', async () => {
  const { page } = await web.openAs('reader', '/receipts');
  await page.getByRole('row').nth(1).waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export JSON' }).click();
  const exported = JSON.parse(readFileSync(await (await download).path(), 'utf8'));
  const { events } = await web.kms('reader', 'list-grant-events', {});
  expect(events.length).toBeGreaterThan(0);
  expect(exported).toEqual(events);
});

test('one grant is revoked in a dialog that says verb and object', async () => {
  const [, key] = web.service.demo.keys;
  const { user_id } = web.user('reader');
  const created = await web.kms('creator', 'create-grant', {
    key_id: key?.key_id,
    grantee_principal: user_id,
    operations: ['describe-key'],
    name: 'one-of-one',
  });
  const { page } = await web.openAs('administrator', `/principals/${user_id}`);
  const row = page.getByRole('row').filter({ hasText: 'one-of-one' });
  await row.getByRole('button', { name: 'Revoke …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke grant one-of-one' });
  await dialog.getByLabel('Reason').fill('INC-8');
  await dialog.getByRole('button', { name: 'Revoke grant one-of-one' }).click();
  await untilDone(page);
  const { grants } = await web.kms('creator', 'list-grants', { key_id: key?.key_id });
  expect(grants.map(({ grant_id }: { grant_id: string }) => grant_id)).not.toContain(created.grant_id);
});
