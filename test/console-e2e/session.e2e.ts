/** Signing in and out, the end of a session, and what a reload keeps. */
import { expect, test } from '@jest/globals';
import type { Page, Response } from 'playwright-core';
import { tokenOf } from './support/api.ts';
import { type OpenPage, signIn, useConsole } from './support/console.ts';

const web = useConsole();
const MINUTE_MS = 60_000;

const signInHeading = (page: Page) => page.getByRole('heading', { level: 1, name: 'Sign in' });
const notice = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text });

/** Collects the tokens that the page sends to the APIs. */
function tokensSentBy({ page }: OpenPage): Set<string> {
  const tokens = new Set<string>();
  page.on('request', (request) => {
    const token = request.headers()['x-auth-token'];
    if (token && !request.url().includes('/v3/')) tokens.add(token);
  });
  return tokens;
}

async function statusWith(token: string): Promise<number> {
  const { status } = await fetch(`${web.service.url}/v1.0/caller`, { headers: { 'X-Auth-Token': token } });
  return status;
}

test('a person signs in with domain, user name and password', async () => {
  const { page } = await web.openAs('creator');
  const banner = page.getByRole('banner');
  expect(await banner.innerText()).toContain('creator · ');
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Who or what is it about?');
});

test('a wrong password is refused with the text of the service, and the form stays filled', async () => {
  const { page, problems } = await web.open();
  problems.expect(/status of 401/);
  await page.getByLabel('Domain').fill(web.user('reader').domain_name);
  await page.getByLabel('User name').fill('reader');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').filter({ hasText: 'does not accept these credentials' }).waitFor();
  expect(await page.getByLabel('User name').inputValue()).toBe('reader');
});

test('a reload signs out, and the sign-in returns to the deep link', async () => {
  const { user_id } = web.user('grantee');
  const path = `/principals/${user_id}?operation=describe-key`;
  const { page } = await web.openAs('creator', path);
  await page.getByRole('heading', { level: 1, name: 'grantee' }).waitFor();
  await page.reload();
  await signInHeading(page).waitFor();
  expect(page.url()).toBe(`${web.service.url}/console${path}`);
  await signIn(page, web.user('creator'));
  await page.getByRole('heading', { level: 1, name: 'grantee' }).waitFor();
  expect(page.url()).toBe(`${web.service.url}/console${path}`);
});

test('Back returns to the page before, with its filter', async () => {
  const { user_id } = web.user('grantee');
  const { page } = await web.openAs('creator', `/principals/${user_id}`);
  await page.getByLabel('Operation').selectOption('describe-key');
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'grantee' }).waitFor();
  expect(await page.getByLabel('Operation').inputValue()).toBe('describe-key');
});

test('signing out ends the token at the service, and nobody gets back in by Back', async () => {
  const open = await web.openAs('reader');
  const { page } = open;
  const tokens = tokensSentBy(open);
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
  const [token = ''] = tokens;
  expect(await statusWith(token)).toBe(200);
  const ended = page.waitForResponse((response: Response) => response.request().method() === 'DELETE');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await notice(page, 'You have signed out.').waitFor();
  expect((await ended).status()).toBe(204);
  expect(await statusWith(token)).toBe(401);
  await page.goBack();
  await signInHeading(page).waitFor();
});

test('a token that the service no longer accepts leads to the sign-in with a notice', async () => {
  const open = await web.openAs('reader');
  const { page, problems } = open;
  problems.expect(/status of 401/);
  const tokens = tokensSentBy(open);
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
  const [token = ''] = tokens;
  const { demo, url } = web.service;
  const own = await tokenOf(url, web.user('reader'), demo.project_id);
  await fetch(`${url}/v3/auth/tokens`, {
    method: 'DELETE',
    headers: { 'X-Auth-Token': own, 'X-Subject-Token': token },
  });
  await page.getByRole('link', { name: 'Home', exact: true }).click();
  await notice(page, 'the service no longer accepts its token').waitFor();
});

test('after 14 minutes without use the page warns, and after 15 minutes it signs out', async () => {
  const { page } = await web.open();
  await page.clock.install();
  await page.goto(`${web.service.url}/console`);
  await signIn(page, web.user('reader'));
  await page.clock.runFor(14 * MINUTE_MS + 10_000);
  await page.getByRole('alert').filter({ hasText: 'signed out in less than a minute' }).waitFor();
  await page.clock.runFor(MINUTE_MS);
  await notice(page, 'after 15 minutes without use').waitFor();
});

test('use of the page lengthens a session, up to one hour', async () => {
  const { page } = await web.open();
  await page.clock.install();
  await page.goto(`${web.service.url}/console`);
  await signIn(page, web.user('reader'));
  for (let minutes = 0; minutes < 50; minutes += 10) {
    await page.clock.runFor(10 * MINUTE_MS);
    await page.keyboard.press('Shift');
  }
  expect(await page.getByRole('button', { name: 'Sign out' }).isVisible()).toBe(true);
  await page.clock.runFor(10 * MINUTE_MS + 10_000);
  await notice(page, 'Your session ended after one hour.').waitFor();
});

test('no address has a token, a password or a user name in it', async () => {
  const { page } = await web.open();
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  const { password, name } = web.user('administrator');
  await signIn(page, web.user('administrator'));
  await page.getByRole('link', { name: 'Receipts', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Receipts' }).waitFor();
  addresses.push(page.url());
  expect(addresses.length).toBeGreaterThan(5);
  expect(addresses.filter((url) => [password, name, 'token=', 'gAAAA'].some((part) => url.includes(part)))).toEqual([]);
});
