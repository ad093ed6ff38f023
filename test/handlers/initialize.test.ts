/** What an API does when its function is loaded. */
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { httpHandler } from '../../lib/handlers/http.ts';
import type { Services } from '../../lib/services.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterEach(() => {
  delete process.env['AWS_LAMBDA_FUNCTION_NAME'];
});
afterAll(() => service.stop());

async function load(work: () => Promise<void>): Promise<Services[]> {
  const initialize = jest.fn<(services: Services) => Promise<void>>(work);
  httpHandler({ access: 'anyone', name: 'test', initialize, handle: async () => ({}) });
  await setImmediate();
  return initialize.mock.calls.map(([services]) => services);
}

test('a function on Lambda is initialised when it is loaded, with the services', async () => {
  process.env['AWS_LAMBDA_FUNCTION_NAME'] = 'kms-grants-dev-chat';
  expect(await load(async () => {})).toEqual([service.services]);
});

test('an initialisation that fails does not end the process: the first request reports the error', async () => {
  process.env['AWS_LAMBDA_FUNCTION_NAME'] = 'kms-grants-dev-chat';
  expect(await load(() => Promise.reject(new Error('the secret cannot be read')))).toHaveLength(1);
});

test('on one machine, the start checks what it needs itself, and nothing is initialised by a function', async () => {
  expect(await load(async () => {})).toEqual([]);
});
