import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tokensOf } from '../../../lib/identity/tokens.ts';
import type { DemoUser } from '../../../local/demo.ts';
import { expectError, expectKeystoneError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

/** Source: OpenStack Identity API v3, "Revoke token". */
let service: TestService;
let tenant: DemoUser;
beforeAll(async () => {
  service = await startService();
  tenant = await service.addUser('tenant', 'te_admin');
});
afterAll(() => service.stop());

const newToken = async ({ user_id: id, password }: DemoUser): Promise<string> =>
  (await tokensOf(service.services).issue({ user: { id }, password, project: { id: service.demo.project_id } })).token;

const send = (headers: Record<string, string>) => service.send('/v3/auth/tokens', { method: 'DELETE', headers });

const statusOf = async (token: string) =>
  (await service.send('/v3/auth/projects', { method: 'GET', headers: { 'X-Auth-Token': token } })).status;

test('a user revokes their own token: 204 without a body, and the token is refused from the next request on', async () => {
  const [token, other] = [await newToken(service.reader), await newToken(service.reader)];
  const { status, body, headers } = await send({ 'X-Auth-Token': token, 'X-Subject-Token': token });
  expect([status, body, headers.get('content-type')]).toEqual([204, undefined, null]);
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
  expect([await statusOf(token), await statusOf(other)]).toEqual([401, 200]);
});

test('revoking a token revokes the tokens that were issued from it', async () => {
  const token = await newToken(service.reader);
  const { project_id: id } = service.demo;
  const { token: derived } = await tokensOf(service.services).issue({ token, project: { id } });
  expect(await statusOf(derived)).toBe(200);
  await send({ 'X-Auth-Token': token, 'X-Subject-Token': token });
  expect(await statusOf(derived)).toBe(401);
});

test('te_admin revokes the token of another user of the domain', async () => {
  const [token, subject] = [await newToken(tenant), await newToken(service.reader)];
  expect((await send({ 'X-Auth-Token': token, 'X-Subject-Token': subject })).status).toBe(204);
  expect([await statusOf(token), await statusOf(subject)]).toEqual([200, 401]);
});

test('the token of another user, an unknown token and a revoked one get the same 404, and nothing is written', async () => {
  const [token, subject, revoked] = [
    await newToken(service.grantee),
    await newToken(service.reader),
    await newToken(service.grantee),
  ];
  await send({ 'X-Auth-Token': token, 'X-Subject-Token': revoked });
  const rows = await storedRows(service);
  for (const value of [subject, 'garbage', revoked]) {
    const answer = await send({ 'X-Auth-Token': token, 'X-Subject-Token': value });
    expectKeystoneError(answer, 404, 'Not Found');
    expect(answer.body.error.message).toBe('X-Subject-Token is invalid in the request');
  }
  expect(await storedRows(service)).toEqual(rows);
  expect(await statusOf(subject)).toBe(200);
});

test('a request without X-Subject-Token is 400, and one without valid credentials 401', async () => {
  const token = await newToken(service.reader);
  expectKeystoneError(await send({ 'X-Auth-Token': token }), 400, 'Bad Request');
  expectError(await send({ 'X-Subject-Token': token }), [401, 'APIGW.0301']);
  expectError(await send({ 'X-Auth-Token': 'garbage', 'X-Subject-Token': token }), [401, 'APIGW.0301']);
  expect(await statusOf(token)).toBe(200);
});
