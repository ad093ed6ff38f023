/** A request that someone captured on its way and sends again, byte for byte or nearly. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startService, type TestService } from '../support/service.ts';
import { type SdkClient, sdkClient } from './client.ts';
import { resend, type Tap, tap } from './tap.ts';

const MINUTE_MS = 60_000;
let service: TestService;
let line: Tap;
let creator: SdkClient;
let keyId: string;

beforeAll(async () => {
  service = await startService();
});
beforeEach(async () => {
  service.clock.nowMs = Date.now();
  line = await tap(service.url);
  creator = sdkClient(line.url, service.creator, { projectId: service.demo.project_id });
  keyId = service.demo.keys[0]?.key_id ?? '';
});
afterEach(() => line.close());
afterAll(() => service.stop());

/** Everything a change leaves behind: the grants of the key, and the events of the project. */
async function traces() {
  const { body } = await service.kms(service.administrator, 'list-grants', { key_id: keyId });
  return {
    grants: body.grants,
    total: body.total,
    events: await service.events.list(service.demo.project_id, {}, 1000),
  };
}

let made = 0;
async function createAndCapture(extra: object = {}): Promise<{ grantId: string; bytes: Buffer }> {
  made += 1;
  const ask = { key_id: keyId, grantee_principal: `grantee${made}`, operations: ['describe-key'], ...extra };
  const { grant_id } = await creator.createGrant(ask);
  return { grantId: grant_id, bytes: line.take() };
}

async function revokeAndCapture(): Promise<Buffer> {
  const { grantId } = await createAndCapture();
  await creator.cancelGrant({ key_id: keyId, grant_id: grantId });
  return line.take();
}

test('a captured create-grant sent again gets the first answer and makes nothing', async () => {
  const { grantId, bytes } = await createAndCapture();
  const before = await traces();
  expect(await resend(service.url, bytes)).toEqual({ status: 200, body: { grant_id: grantId } });
  expect(await traces()).toEqual(before);
  expect(await service.events.list(service.demo.project_id, { grantId }, 10)).toHaveLength(1);
});

test('a captured create-grant with a sequence sent again makes nothing either', async () => {
  const { grantId, bytes } = await createAndCapture({ sequence: '3f1b62f8-0000-4000-8000-000000000002' });
  const before = await traces();
  expect(await resend(service.url, bytes)).toEqual({ status: 200, body: { grant_id: grantId } });
  expect(await traces()).toEqual(before);
});

test('a captured create-grant sent 8 times at once makes nothing', async () => {
  const { grantId, bytes } = await createAndCapture();
  const before = await traces();
  const replies = await Promise.all(Array.from({ length: 8 }, () => resend(service.url, bytes)));
  expect(replies).toEqual(Array(8).fill({ status: 200, body: { grant_id: grantId } }));
  expect(await traces()).toEqual(before);
});

test('a captured create-grant sent again after the grant was revoked does not bring it back', async () => {
  const { grantId, bytes } = await createAndCapture();
  await creator.cancelGrant({ key_id: keyId, grant_id: grantId });
  const before = await traces();
  expect(await resend(service.url, bytes)).toEqual({ status: 200, body: { grant_id: grantId } });
  expect(await traces()).toEqual(before);
});

test('a captured revoke-grant sent again gets the first answer and does nothing', async () => {
  const bytes = await revokeAndCapture();
  const before = await traces();
  expect(await resend(service.url, bytes)).toEqual({ status: 200, body: {} });
  expect(await traces()).toEqual(before);
});

test('at the end of its 15 minutes a captured request still does nothing', async () => {
  const { grantId, bytes } = await createAndCapture();
  const before = await traces();
  service.clock.nowMs = Date.now() + 15 * MINUTE_MS - 5_000;
  expect(await resend(service.url, bytes)).toEqual({ status: 200, body: { grant_id: grantId } });
  expect(await traces()).toEqual(before);
});

test.each([
  ['a minute past its window', 16],
  ['after it is no longer remembered', 120],
  ['by a clock that is 16 minutes behind', -16],
])('a captured request is refused %s', async (_, minutes) => {
  const { bytes } = await createAndCapture();
  const revoke = await revokeAndCapture();
  const before = await traces();
  service.clock.nowMs = Date.now() + minutes * MINUTE_MS;
  for (const captured of [bytes, revoke]) {
    expect(await resend(service.url, captured)).toMatchObject({ status: 401, body: { error_code: 'APIGW.0301' } });
  }
  service.clock.nowMs = Date.now();
  expect(await traces()).toEqual(before);
});

test.each([
  ['body', /"describe-key"/, '"encrypt-data"'],
  ['path', /create-grant/, 'revoke-grant'],
  ['query', / HTTP\/1\.1/, '?a=1 HTTP/1.1'],
  ['host', /Host: 127/i, 'Host: 128'],
  ['project header', /(x-project-id): [0-9a-f]/i, '$1: z'],
  ['date', /(x-sdk-date: \d{8}T)\d{6}/i, '$1000000'],
  ['signature', /Signature=[0-9a-f]{4}/, 'Signature=0000'],
])('a captured request with another %s is refused, and nothing is written', async (_, from, to) => {
  const { bytes } = await createAndCapture();
  const before = await traces();
  const altered = bytes.toString('latin1').replace(from, to);
  expect(altered).not.toBe(bytes.toString('latin1'));
  const head = altered.slice(0, altered.indexOf('\r\n\r\n'));
  const body = altered.slice(head.length + 4);
  const sent = `${head.replace(/content-length: \d+/i, `content-length: ${body.length}`)}\r\n\r\n${body}`;
  expect(await resend(service.url, Buffer.from(sent, 'latin1'))).toMatchObject({
    status: 401,
    body: { error_code: 'APIGW.0301' },
  });
  expect(await traces()).toEqual(before);
});
