/** Replay attacks: a captured request is sent again, unchanged or with one part altered. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { grantsOn, newKey } from '../support/create.ts';
import { startService, type TestService } from '../support/service.ts';
import { type CaptureProxy, resend, startCaptureProxy } from './capture-proxy.ts';
import { failure, type SdkClient, sdkClient } from './client.ts';

const MINUTE_MS = 60_000;
/** Until then, a request with the same signature is a separate one. */
const SEPARATE_MS = 2_000;
const SIGN_AGAIN = { status: 401, body: { error_code: 'APIGW.0301', error_msg: expect.stringContaining('Sign') } };
let service: TestService;
let proxy: CaptureProxy;
let creator: SdkClient;
let keyId: string;

beforeAll(async () => {
  service = await startService();
});
beforeEach(async () => {
  service.clock.nowMs = Date.now();
  proxy = await startCaptureProxy(service.url);
  creator = sdkClient(proxy.url, service.creator, { projectId: service.demo.project_id });
  keyId = service.demo.keys[0]?.key_id ?? '';
});
afterEach(() => proxy.close());
afterAll(() => service.stop());

/** Returns what a change would alter: the grants of the key and the events of the project. */
async function readState() {
  const { body } = await service.kms(service.administrator, 'list-grants', { key_id: keyId });
  return {
    grants: body.grants,
    total: body.total,
    events: await service.events.list(service.demo.project_id, {}, 1000),
  };
}

let grantCount = 0;
async function createAndCapture(extra: object = {}): Promise<{ grantId: string; bytes: Buffer }> {
  grantCount += 1;
  const input = { key_id: keyId, grantee_principal: `grantee${grantCount}`, operations: ['describe-key'], ...extra };
  const { grant_id } = await creator.createGrant(input);
  return { grantId: grant_id, bytes: proxy.take() };
}

async function revokeAndCapture(): Promise<Buffer> {
  const { grantId } = await createAndCapture();
  await creator.cancelGrant({ key_id: keyId, grant_id: grantId });
  return proxy.take();
}

/** Sends captured bytes when they are no longer taken for a separate request. */
function replay(bytes: Buffer): ReturnType<typeof resend> {
  service.clock.nowMs += SEPARATE_MS;
  return resend(service.url, bytes);
}

test('a replayed create-grant gets the first reply and creates no grant', async () => {
  const { grantId, bytes } = await createAndCapture();
  const before = await readState();
  expect(await replay(bytes)).toEqual({ status: 200, body: { grant_id: grantId } });
  expect(await readState()).toEqual(before);
  expect(await service.events.list(service.demo.project_id, { grantId }, 10)).toHaveLength(1);
});

test('a replayed create-grant with a sequence gets the first reply and creates no grant', async () => {
  const { grantId, bytes } = await createAndCapture({ sequence: '3f1b62f8-0000-4000-8000-000000000002' });
  const before = await readState();
  expect(await resend(service.url, bytes)).toEqual({ status: 200, body: { grant_id: grantId } });
  expect(await replay(bytes)).toEqual({ status: 200, body: { grant_id: grantId } });
  expect(await readState()).toEqual(before);
});

test('8 concurrent replays of a create-grant get the first reply and create no grant', async () => {
  const { grantId, bytes } = await createAndCapture();
  const before = await readState();
  service.clock.nowMs += SEPARATE_MS;
  const replies = await Promise.all(Array.from({ length: 8 }, () => resend(service.url, bytes)));
  expect(replies).toEqual(Array(8).fill({ status: 200, body: { grant_id: grantId } }));
  expect(await readState()).toEqual(before);
});

test.each([{}, { sequence: '3f1b62f8-0000-4000-8000-000000000003' }])(
  'a create-grant that is replayed after the grant was revoked is refused and creates nothing; with %j',
  async (fields) => {
    const { grantId, bytes } = await createAndCapture(fields);
    await creator.cancelGrant({ key_id: keyId, grant_id: grantId });
    const before = await readState();
    expect(await replay(bytes)).toMatchObject(SIGN_AGAIN);
    expect(await readState()).toEqual(before);
  },
);

test('equal create-grant bytes at the same time create a grant each', async () => {
  const { grantId, bytes } = await createAndCapture();
  const { status, body } = await resend(service.url, bytes);
  expect([status, body]).toEqual([200, { grant_id: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  expect(body).not.toEqual({ grant_id: grantId });
});

test('a captured request to which an Idempotency-Key was added is refused and changes nothing', async () => {
  const { grantId, bytes } = await createAndCapture();
  await creator.cancelGrant({ key_id: keyId, grant_id: grantId });
  const before = await readState();
  const text = bytes.toString('latin1').replace('\r\n', '\r\nIdempotency-Key: another\r\n');
  expect(await replay(Buffer.from(text, 'latin1'))).toMatchObject(SIGN_AGAIN);
  expect(await readState()).toEqual(before);
});

test('a captured create-grant that was refused does not take effect after its reason is gone', async () => {
  const key = await newKey(service);
  await service.kms(service.creator, 'disable-key', { key_id: key });
  const input = { key_id: key, grantee_principal: 'g', operations: ['describe-key'] };
  const { errorCode } = await failure(creator.createGrant(input));
  expect(errorCode).toBe('KMS.0209');
  const bytes = proxy.take();
  // Whether an upstream would refuse the request now can be found out only by sending it.
  const refusedNow = { status: 400, body: { error_code: 'KMS.0209' } };
  expect(await replay(bytes)).toMatchObject(service.signsUpstreamCalls ? SIGN_AGAIN : refusedNow);
  await service.kms(service.creator, 'enable-key', { key_id: key });
  expect(await replay(bytes)).toMatchObject(SIGN_AGAIN);
  expect(await grantsOn(service, key)).toEqual([]);
});

test('a replayed revoke-grant gets the first reply and changes nothing', async () => {
  const bytes = await revokeAndCapture();
  const before = await readState();
  expect(await replay(bytes)).toEqual({ status: 200, body: {} });
  expect(await readState()).toEqual(before);
});

test('a replay just before the signature expires, after 15 minutes, gets the first reply and changes nothing', async () => {
  const { grantId, bytes } = await createAndCapture();
  const before = await readState();
  service.clock.nowMs = Date.now() + 15 * MINUTE_MS - 5_000;
  expect(await resend(service.url, bytes)).toEqual({ status: 200, body: { grant_id: grantId } });
  expect(await readState()).toEqual(before);
});

test.each([
  ['one minute after its signature expired', 16],
  ['after its idempotency record expired', 120],
  ['if the clock of the service is 16 minutes behind', -16],
])('a replayed request is refused %s', async (_, minutes) => {
  const { bytes } = await createAndCapture();
  const revoke = await revokeAndCapture();
  const before = await readState();
  service.clock.nowMs = Date.now() + minutes * MINUTE_MS;
  for (const captured of [bytes, revoke]) {
    expect(await resend(service.url, captured)).toMatchObject({ status: 401, body: { error_code: 'APIGW.0301' } });
  }
  service.clock.nowMs = Date.now();
  expect(await readState()).toEqual(before);
});

test.each([
  ['body', /"describe-key"/, '"encrypt-data"'],
  ['path', /create-grant/, 'revoke-grant'],
  ['query', / HTTP\/1\.1/, '?a=1 HTTP/1.1'],
  ['host', /Host: 127/i, 'Host: 128'],
  ['project header', /(x-project-id): [0-9a-f]/i, '$1: z'],
  ['date', /(x-sdk-date: \d{8}T)\d{6}/i, '$1000000'],
  ['signature', /Signature=[0-9a-f]{4}/, 'Signature=0000'],
])('a replayed request with another %s is refused, and nothing is written', async (_, from, to) => {
  const { bytes } = await createAndCapture();
  const before = await readState();
  const altered = bytes.toString('latin1').replace(from, to);
  expect(altered).not.toBe(bytes.toString('latin1'));
  const head = altered.slice(0, altered.indexOf('\r\n\r\n'));
  const body = altered.slice(head.length + 4);
  const sent = `${head.replace(/content-length: \d+/i, `content-length: ${body.length}`)}\r\n\r\n${body}`;
  expect(await resend(service.url, Buffer.from(sent, 'latin1'))).toMatchObject({
    status: 401,
    body: { error_code: 'APIGW.0301' },
  });
  expect(await readState()).toEqual(before);
});
