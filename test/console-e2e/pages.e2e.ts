/** Every page: accessible, without a break of its layout, in both languages and both schemes. Makes the pictures. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { axeFindings } from './support/axe.ts';
import { useConsole } from './support/console.ts';
import { takePicture } from './support/screenshots.ts';

const web = useConsole();
/** Ids that the addresses of the pages need, and a job that has run. */
const ids = { person: '', key: '', job: '', receipt: '' };

beforeAll(async () => {
  const { demo } = web.service;
  ids.person = web.user('grantee').user_id;
  ids.key = demo.keys[1]?.key_id ?? '';
  // The grantee passes a grant on, so that the graph has two layers.
  await web.kms('grantee', 'create-grant', {
    key_id: ids.key,
    grantee_principal: web.user('reader').user_id,
    operations: ['encrypt-data'],
    name: 'passed-on',
  });
  const selection = { key_id: demo.keys[0]?.key_id, operations: ['create-datakey'] };
  const preview = await web.kms('administrator', 'create-revocation-job', { ...selection, dry_run: true });
  const request = { ...selection, digest: preview.digest, reason: 'INC-42: laptop lost' };
  ids.job = (await web.kms('administrator', 'create-revocation-job', request)).job_id;
  for (let state = ''; state !== 'done'; ) {
    state = (await web.kms('administrator', 'list-jobs', {})).jobs[0].state;
  }
  ids.receipt = (await web.kms('administrator', 'list-grant-events', {})).events[0].event_id;
});

/** Each page with its address, and a function that waits until everything is on it. */
const PAGES: [name: string, path: () => string, ready: (page: Page) => Promise<unknown>][] = [
  ['home', () => '/', (page) => page.getByRole('main').getByText('create-revocation-job').first().waitFor()],
  ['search', () => '/?q=payroll-a', (page) => page.getByRole('main').getByText('payroll-a').first().waitFor()],
  ['person', () => `/principals/${ids.person}`, (page) => page.getByText('payroll-audit').first().waitFor()],
  ['key', () => `/keys/${ids.key}`, (page) => page.getByText('passed-on').first().waitFor()],
  ['jobs', () => '/jobs?state=all', (page) => page.getByRole('row').nth(1).waitFor()],
  ['job', () => `/jobs/${ids.job}`, (page) => page.locator('[data-job-state=done]').waitFor()],
  ['receipts', () => '/receipts', (page) => page.getByRole('row').nth(3).waitFor()],
  ['receipt', () => `/receipts/${ids.receipt}`, (page) => page.getByText('INC-42').first().waitFor()],
  ['mappings', () => '/admin/mappings', (page) => page.getByText('bot:bot:reader').first().waitFor()],
  ['sources', () => '/admin/sources', (page) => page.getByText('/hooks/bot').first().waitFor()],
  ['users', () => '/admin/users', (page) => page.getByRole('row').filter({ hasText: 'reader' }).waitFor()],
  ['not-found', () => '/nowhere', (page) => page.getByRole('heading', { level: 1 }).waitFor()],
];
const LOOKS = [
  { locale: 'en-GB', colorScheme: 'light' },
  { locale: 'en-GB', colorScheme: 'dark' },
  { locale: 'zh-CN', colorScheme: 'light' },
  { locale: 'zh-CN', colorScheme: 'dark' },
] as const;
/** Pictures of pages that are worth seeing in the other look: see docs/console.md. */
const ALSO_PICTURED = ['person zh-CN dark', 'home zh-CN light'];

/** The widths of a phone, and of a window of 1280 px at a zoom of 400 %. Source: WCAG 2.2, 1.4.10. */
const NARROW = { width: 320, height: 256 };

async function layoutProblems(page: Page, width: number): Promise<string[]> {
  return page.evaluate((available) => {
    const tooWide = (element: Element) => element.getBoundingClientRect().right > available + 1;
    const isScrolled = (element: Element) => element.closest('[tabindex="0"], pre, table, svg') !== null;
    if (document.documentElement.scrollWidth <= available) return [];
    return [...document.body.querySelectorAll('*')]
      .filter((element) => tooWide(element) && !isScrolled(element))
      .map((element) => `${element.tagName} ${element.className}: ${element.textContent?.slice(0, 40)}`)
      .concat(`the document is ${document.documentElement.scrollWidth} px wide`);
  }, width);
}

/** Goes to another page without a reload, which would sign out. */
async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => history.pushState(null, '', `/console${to}`), path);
}

describe.each(LOOKS)('in $locale and $colorScheme', (look) => {
  test('the sign-in page has no findings of axe-core and fits 320 px', async () => {
    const { page } = await web.open('', look);
    await page.getByRole('button', { name: /Sign in|登录/ }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    if (look.locale === 'en-GB' && look.colorScheme === 'light') await takePicture(page, 'sign-in');
    await page.setViewportSize(NARROW);
    expect(await layoutProblems(page, NARROW.width)).toEqual([]);
  });

  test('no page has findings of axe-core, and each fits 320 px', async () => {
    const { page } = await web.openAs('administrator', '/', look);
    const findings: Record<string, string[]> = {};
    for (const [name, path, ready] of PAGES) {
      await page.setViewportSize({ width: 1200, height: 750 });
      await goTo(page, path());
      await ready(page);
      findings[`${name} axe`] = await axeFindings(page);
      const picture = `${name} ${look.locale} ${look.colorScheme}`;
      if (picture === `${name} en-GB light`) await takePicture(page, name);
      else if (ALSO_PICTURED.includes(picture)) await takePicture(page, picture.replaceAll(' ', '-'));
      await page.setViewportSize(NARROW);
      findings[`${name} 320 px`] = [...(await layoutProblems(page, NARROW.width)), ...(await axeFindings(page))];
    }
    expect(Object.fromEntries(Object.entries(findings).filter(([, found]) => found.length > 0))).toEqual({});
  });

  test('the dialog that revokes has no findings of axe-core and fits 320 px', async () => {
    const { page } = await web.openAs('administrator', `/principals/${ids.person}`, look);
    await page.getByRole('button', { name: /^(Revoke all \d+ …|撤销全部 \d+ 项…)$/ }).click();
    await page
      .getByRole('dialog')
      .getByLabel(/^(Reason|原因)$/)
      .waitFor();
    expect(await axeFindings(page)).toEqual([]);
    if (look.locale === 'en-GB' && look.colorScheme === 'light') await takePicture(page, 'revoke');
    await page.setViewportSize(NARROW);
    expect(await layoutProblems(page, NARROW.width)).toEqual([]);
  });
});

test('the language follows the browser and can be switched, with the lang attribute', async () => {
  const { page } = await web.open('', { locale: 'zh-CN' });
  const lang = () => page.evaluate(() => document.documentElement.lang);
  await page.getByRole('heading', { level: 1, name: '登录' }).waitFor();
  expect(await lang()).toBe('zh-CN');
  await page.getByRole('button', { name: '设置' }).click();
  await page.getByLabel('语言').selectOption('en');
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  expect(await lang()).toBe('en');
});

test('the scheme follows the system and can be switched', async () => {
  const { page } = await web.open('', { colorScheme: 'light' });
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByLabel('Colours').selectOption('dark');
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByLabel('Colours').selectOption('auto');
  expect(await background()).toBe(dark);
});

test('times are shown in local time and in UTC', async () => {
  const { page } = await web.openAs('administrator', `/receipts/${ids.receipt}`);
  await page.getByText('INC-42').first().waitFor();
  const { events } = await web.kms('administrator', 'list-grant-events', { limit: 1 });
  const at = Number(events[0].event_time);
  const utc = new Date(at).toISOString().slice(11, 19);
  const shanghai = new Date(at + 8 * 3_600_000).toISOString().slice(11, 19);
  const text = await page.getByRole('main').innerText();
  expect(text).toContain(utc);
  expect(text).toContain(shanghai);
});
