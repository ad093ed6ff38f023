/** Repeated changes of a key's state: a recorded answer is given only while the key is in that state. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newKey, okBody } from '../../support/create.ts';
import { expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { sendSigned } from '../../support/send-signed.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';

/** In caller mode the backend passes the caller's token on, so there is no AK/SK. */
const isCallerMode = process.env['TEST_UPSTREAM'] === 'caller';
/** Source: KMS API reference, disable-key, request examples. */
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

let service: TestService;
let keyId: string;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());
beforeEach(async () => {
  keyId = await newKey(service);
});

const stateOfKey = async () =>
  okBody(await service.kms(service.creator, 'describe-key', { key_id: keyId })).key_info.key_state;
const withToken = (name: string, fields: object) =>
  service.kms(service.creator, name, { key_id: keyId, sequence: SEQUENCE, ...fields });

/** Each call succeeds, and its answer is the state that describe-key shows then. */
async function expectTrueAnswers(
  calls: [name: string, state: string, fields?: object][],
  send: (name: string, fields: object) => Promise<ApiResponse>,
): Promise<void> {
  for (const [name, state, fields = {}] of calls) {
    const body = okBody(await send(name, fields));
    expect([name, body.key_info?.key_state ?? body.key_state]).toEqual([name, state]);
    expect([name, await stateOfKey()]).toEqual([name, state]);
  }
}

const ON_AND_OFF: [string, string][] = [
  ['disable-key', '3'],
  ['enable-key', '2'],
  ['disable-key', '3'],
  ['enable-key', '2'],
];
const SCHEDULED: [string, string, object?][] = [
  ['schedule-key-deletion', '4', { pending_days: '7' }],
  ['cancel-key-deletion', '3'],
  ['schedule-key-deletion', '4', { pending_days: '7' }],
  ['cancel-key-deletion', '3'],
];

test.each([
  ['disable and enable', ON_AND_OFF],
  ['schedule and cancel', SCHEDULED],
])('%s in turn with one sequence: each answer is the state of the key', async (_, calls) => {
  await expectTrueAnswers(calls, withToken);
});

(isCallerMode ? describe.skip : describe)('signed requests', () => {
  let date: string;
  beforeEach(() => {
    date = new Date(service.clock.nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  });
  const send = (name: string, fields: object) =>
    sendSigned(
      service,
      service.creator,
      `/v1.0/${service.demo.project_id}/kms/${name}`,
      JSON.stringify({ key_id: keyId, ...fields }),
      { signed: { 'x-sdk-date': date } },
    );

  test.each([
    ['disable and enable', ON_AND_OFF],
    ['schedule and cancel', SCHEDULED],
  ])('%s in turn within a second with equal signatures: each answer is the state of the key', async (_, calls) => {
    await expectTrueAnswers(calls, send);
  });

  test('a captured disable-key after 2 s gets the first answer while the key is disabled; later it is refused', async () => {
    const first = okBody(await send('disable-key', {}));
    service.clock.nowMs += 2_000;
    expect(okBody(await send('disable-key', {}))).toEqual(first);
    okBody(await service.kms(service.creator, 'enable-key', { key_id: keyId }));
    await expectErrorAndNoWrite(service, () => send('disable-key', {}), [401, 'APIGW.0301']);
    expect(await stateOfKey()).toBe('2');
  });
});
