/** Signing in and out, and the end of a session. */
import { expect, test } from '@jest/globals';
import { axeFindings } from './support/axe.ts';
import { useConsole } from './support/console.ts';

const console_ = useConsole();

test('a person signs in with domain, user name and password', async () => {
  const { page } = await console_.openAs('creator');
  expect(await page.getByRole('banner').innerText()).toContain('creator');
  expect(await axeFindings(page)).toEqual([]);
});
