/** The console of a service in front of another KMS, with the tokens of another identity service. */
import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { openUpstreamFixture, type UpstreamFixture } from '../upstream/fixture.ts';
import { NONE } from '../upstream/proxy.ts';
import { service } from '../upstream/service.ts';
import { useConsole } from './support/console.ts';
import { confirm, dangerButton, previewAll, untilDone } from './support/revoking.ts';

const HOLDER = '5f0c1e2d3a4b49788695a4b3c2d1e0f9';
const GRANTS = 10;
const REFUSED = 3;

let fixture: UpstreamFixture;
const web = useConsole({
  async start() {
    fixture = await openUpstreamFixture(service().options);
    const { demo, stop } = fixture;
    return { url: fixture.backend().url, demo, process: fixture.backend(), stop };
  },
});

async function signInWithToken(page: Page): Promise<void> {
  await page.getByLabel('Token').fill(fixture.token(fixture.administrator));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('banner').waitFor();
}

test('without passwords of its own, the service takes a pasted token, and never shows it', async () => {
  const { page } = await web.open();
  const field = page.getByLabel('Token');
  await field.waitFor();
  expect(await field.getAttribute('type')).toBe('password');
  expect(await page.getByLabel('Password').count()).toBe(0);
  await signInWithToken(page);
  expect(await page.getByRole('banner').innerText()).toContain(fixture.administrator.user_id);
});

test('a token that the identity service refuses is refused with a text', async () => {
  const { page, problems } = await web.open();
  problems.expect(/status of 401/);
  await page.getByLabel('Token').fill('gAAAA-not-a-token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').filter({ hasText: 'does not accept these credentials' }).waitFor();
});

test('of 10 grants of which the KMS refuses 3, 7 are gone, and the 3 are named with their code', async () => {
  const [key] = fixture.demo.keys;
  const grantIds: string[] = [];
  for (let n = 0; n < GRANTS; n += 1) {
    const { body } = await fixture.callUpstream(fixture.creator, 'create-grant', {
      key_id: key?.key_id,
      grantee_principal: HOLDER,
      operations: ['describe-key'],
      name: `grant-${n}`,
    });
    grantIds.push(body.grant_id);
  }
  const refused = grantIds.slice(2, 2 + REFUSED);
  fixture.proxy.choose = ({ action, body }) =>
    action === 'revoke-grant' && refused.includes(String(body['grant_id'])) ? REFUSE : NONE;

  const { page } = await web.open(`/principals/${HOLDER}`);
  await signInWithToken(page);
  await page.getByText(`${GRANTS} of ${GRANTS}`, { exact: true }).waitFor();
  const dialog = await previewAll(page);
  const title = await dialog.getByRole('heading').innerText();
  await confirm(dialog, 'INC-15', title.replace('Revoke grants of ', ''));
  await dangerButton(dialog).click();

  await page.getByRole('heading', { level: 1, name: 'Job' }).waitFor();
  const failed = page.getByRole('table', { name: 'Could not be revoked' });
  await failed.waitFor({ timeout: 60_000 });
  const rows = failed.getByRole('row').filter({ hasText: 'KMS.0306' });
  expect(await rows.count()).toBe(REFUSED);
  const main = await page.getByRole('main').innerText();
  expect(main).toMatch(/Revoked\s+7/);
  expect(main).toMatch(/Remaining\s+3/);
  expect(await page.getByRole('main').getByText('done', { exact: true }).count()).toBe(0);

  await page.goBack();
  await page.getByText(`${REFUSED} of ${REFUSED}`, { exact: true }).waitFor();
  const shown = await page
    .getByRole('row')
    .getByRole('link', { name: /^grant-\d$/ })
    .allInnerTexts();
  expect(shown.sort()).toEqual(['grant-2', 'grant-3', 'grant-4']);
});

test('a job that is stopped leaves its remaining grants in place, and Try again revokes them', async () => {
  const { page } = await web.open('/jobs?state=all');
  await signInWithToken(page);
  await page.getByRole('row').nth(1).getByRole('link').first().click();
  await page.getByRole('heading', { level: 1, name: 'Job' }).waitFor();
  const pressed = async (verb: string) => {
    await page.getByRole('button', { name: verb }).click();
    await page.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  };
  await pressed('Stop the job');
  await page.getByRole('main').getByText('stopped', { exact: true }).waitFor();
  expect(await page.getByRole('main').innerText()).toMatch(/Remaining\s+3/);
  fixture.proxy.choose = () => NONE;
  await pressed('Try again');
  await untilDone(page);
  expect(await page.getByRole('main').innerText()).toMatch(/Revoked\s+10/);
});

/** Source: KMS API reference, error codes. */
const REFUSE = {
  name: 'refuse',
  async run({ answer }: Parameters<typeof NONE.run>[0]) {
    const error = { error_code: 'KMS.0306', error_msg: 'This operation is not allowed.' };
    answer(403, { 'content-type': 'application/json' }, JSON.stringify({ error }));
  },
};
