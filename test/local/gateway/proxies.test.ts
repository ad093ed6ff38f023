/** Behind a proxy: guesses of one client do not lock others out, over real HTTP with a real IAM protocol. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseConfig } from '../../../lib/config.ts';
import { type Services, useServices } from '../../../lib/services.ts';
import { createGateway, drain } from '../../../local/gateway.ts';
import { openServices } from '../../../local/open-services.ts';
import { CALLER, TOKEN } from '../../identity/keystone-fixture.ts';
import { type FakeServer, json, startFakeServer } from '../../support/aws/fake-server.ts';
import { useRealCost } from '../../support/cheap-passwords.ts';
import { startService } from '../../support/service.ts';
import { until } from '../../upstream/until.ts';
import { listen } from '../gateway-fixture.ts';

const GUESSER = '203.0.113.9';
const COLLEAGUE = '198.51.100.7';
/** Few enough that on a busy machine the last one is checked within the 10 s for which logins wait. */
const GUESSES = 10;
const UNKNOWN = json(404, { error: { code: 404, message: 'X-Subject-Token is invalid', title: 'Not Found' } });

let dataDir: string;
let iam: FakeServer;
let running: { services: Services; gateway: Server }[];
/** Responses to tokens that begin with `guess`. The IAM answers all other tokens at once. */
let held: ServerResponse[];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  running = [];
  held = [];
  iam = await startFakeServer();
  iam.respondWith((response, { headers }) => {
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    if (String(headers['x-subject-token']).startsWith('guess')) held.push(response);
    else json(200, { token: { ...TOKEN, expires_at } })(response);
  });
});
afterEach(async () => {
  for (const { services, gateway } of running) {
    await drain(gateway, 0);
    await services.store.close();
  }
  await iam.stop();
  rmSync(dataDir, { recursive: true });
});

/** Starts a gateway in front of the IAM. @returns a function that sends a token, and returns the status of the reply */
async function start(env: Record<string, string>) {
  const config = parseConfig({
    DATA_DIR: dataDir,
    IDENTITY: 'keystone',
    IAM_ENDPOINT: iam.endpoint,
    TOKEN_CACHE_SECONDS: '0',
    ...env,
  });
  const services = await openServices(config);
  useServices(services);
  const gateway = await createGateway([], { trustedProxies: config.trustedProxies });
  running.push({ services, gateway });
  const url = await listen(gateway);
  return async (token: string, forwardedFor: string): Promise<number> => {
    const headers = { 'x-auth-token': token, 'x-forwarded-for': forwardedFor };
    const response = await fetch(`${url}/v1.0/${CALLER.projectId}/kms/list-keys`, { method: 'POST', headers });
    await response.arrayBuffer();
    return response.status;
  };
}

async function refuseGuesses(guesses: Promise<number>[]): Promise<void> {
  iam.respondWith(UNKNOWN);
  for (const response of held.splice(0)) UNKNOWN(response);
  expect(new Set(await Promise.all(guesses))).toEqual(new Set([401]));
}

test('wrong tokens from one address behind a trusted proxy do not hold up requests from other addresses', async () => {
  const send = await start({ TRUSTED_PROXIES: '127.0.0.1' });
  const guesses = Array.from({ length: 60 }, (_, index) => send(`guess${index}`, GUESSER));
  await until(() => held.length === 16);
  expect(await send('MIIatAYJ', COLLEAGUE)).toBe(200);
  expect(held).toHaveLength(16);
  await refuseGuesses(guesses);
});

test('an X-Forwarded-For that the client sends itself does not make its guesses those of other addresses', async () => {
  const send = await start({ TRUSTED_PROXIES: '127.0.0.1' });
  const guesses = Array.from({ length: 60 }, (_, index) => send(`guess${index}`, `192.0.2.${index}, ${GUESSER}`));
  await until(() => held.length === 16);
  expect(await send('MIIatAYJ', COLLEAGUE)).toBe(200);
  expect(held).toHaveLength(16);
  await refuseGuesses(guesses);
});

test('behind a proxy that is not configured, a token that was valid before is still accepted', async () => {
  const send = await start({});
  expect(await send('MIIatAYJ', COLLEAGUE)).toBe(200);
  const guesses = Array.from({ length: 60 }, (_, index) => send(`guess${index}`, GUESSER));
  await until(() => held.length === 16);
  expect(await send('MIIatAYJ', COLLEAGUE)).toBe(200);
  await refuseGuesses(guesses);
});

test('a new token from an address without a free place waits for one', async () => {
  const send = await start({});
  const guesses = Array.from({ length: 16 }, (_, index) => send(`guess${index}`, GUESSER));
  await until(() => held.length === 16);
  const waiting = send('MIIatAYJ', GUESSER);
  UNKNOWN(held.pop() as ServerResponse);
  expect(await waiting).toBe(200);
  await refuseGuesses(guesses);
});

test('guesses of passwords from one address behind a trusted proxy do not delay the login of another', async () => {
  useRealCost();
  const service = await startService({ TRUSTED_PROXIES: '127.0.0.1' });
  try {
    const { user_id: id, password } = service.creator;
    const logIn = async (forwardedFor: string, tried: string) => {
      const identity = { methods: ['password'], password: { user: { id, password: tried } } };
      const headers = { 'x-forwarded-for': forwardedFor };
      return (await service.send('/v3/auth/tokens', { headers, body: { auth: { identity } } })).status;
    };
    let refused = 0;
    const guesses = Array.from({ length: GUESSES }, async () => {
      expect(await logIn(GUESSER, 'wrong')).toBe(401);
      refused += 1;
    });
    expect(await logIn(COLLEAGUE, password)).toBe(201);
    expect(refused).toBeLessThan(GUESSES);
    await Promise.all(guesses);
  } finally {
    await service.stop();
  }
});
