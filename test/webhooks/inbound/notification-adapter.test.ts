/** What the kinds smn and sns do with any text, and what they log about subscriptions. */
import { afterEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { logger } from '../../../lib/logger.ts';
import { SignatureError } from '../../../lib/signing/signed-request.ts';
import { smn } from '../../../lib/webhooks/inbound/adapters/smn.ts';
import { sns } from '../../../lib/webhooks/inbound/adapters/sns.ts';
import { SMN_TOPIC, SNS_TOPIC } from '../../support/notifications.ts';
import { readBy, requestOf, sourceFor } from './adapters/request.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

/** `read` does not check the signature: `verify` has done it. */
const SIGNATURE = 'A'.repeat(344);

const smnBody = (text: string, fields: object = {}) => ({
  type: 'Notification',
  topic_urn: SMN_TOPIC,
  message_id: '88c726942175432bac921eafd0036163',
  message: text,
  timestamp: '2026-11-29T08:00:00Z',
  signature: SIGNATURE,
  signature_version: 'v1',
  signing_cert_url: 'https://smn.eu-de.otc.t-systems.com/smn/SMN_eu-de_00112233445566778899aabbccddeeff.pem',
  ...fields,
});
const snsBody = (text: string) => ({
  Type: 'Notification',
  TopicArn: SNS_TOPIC,
  MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
  Message: text,
  Timestamp: '2026-11-29T08:00:00.000Z',
  Signature: SIGNATURE,
  SignatureVersion: '2',
  SigningCertURL: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-00112233445566778899aabbccddeeff.pem',
});

/** `String` throws for an object whose `toString` is no function. */
const noText = fc.constant({ toString: 1 });
const anything = fc.oneof({ arbitrary: fc.jsonValue({ maxDepth: 3 }), weight: 4 }, noText);
const oneOf = <T>(...values: T[]) => fc.oneof(fc.constantFrom(...values), anything);
const anyTrace = fc.record(
  {
    service_type: oneOf('IAM', 'KMS', 'account'),
    trace_name: oneOf('deleteUser', 'updateUser', 'deleteAgency', 'disableKey', 'deregisterAccount'),
    resource_type: oneOf('user', 'CMK', 'agency'),
    resource_id: oneOf('0123456789abcdef0123456789abcdef', '0d0466b0-e727-4d9c-b35d-f84bb474a37f'),
    user: anything,
    trace_rating: oneOf('normal', 'warning'),
    code: oneOf<unknown>('200', 204, '403'),
    request: oneOf<unknown>('{"user":{"enabled":false}}', '{', { enabled: false }),
    response: anything,
    trace_id: anything,
    project_id: anything,
  },
  { requiredKeys: [] },
);
const anyEvent = fc.record(
  {
    'detail-type': oneOf('AWS API Call via CloudTrail', 'GuardDuty Finding', 'AWS Health Event'),
    source: oneOf('aws.iam', 'aws.guardduty', 'aws.health'),
    type: oneOf('principal.disabled', 'key.compromised'),
    data: anything,
    detail: fc.oneof(
      anything,
      fc.record(
        {
          eventSource: oneOf('iam.amazonaws.com', 'sso-directory.amazonaws.com'),
          eventName: oneOf('DeleteUser', 'UpdateAccessKey', 'DisableUser'),
          requestParameters: anything,
          errorCode: anything,
          type: anything,
          resource: anything,
          eventTypeCode: oneOf('AWS_RISK_CREDENTIALS_EXPOSED'),
          affectedEntities: anything,
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: [] },
);

test('any text of SMN becomes at least one task, and a text that is not acted on is kept or named', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .oneof(
        anyTrace,
        fc.array(anyTrace),
        anyTrace.map((cts) => ({ cts })),
      )
      .map((value) => JSON.stringify(value)),
  );
  const entry = { topics: [SMN_TOPIC], events: { 'KMS.disableKey': 'key.compromised' } };
  fc.assert(
    fc.property(texts, (text) => {
      const events = readBy(smn, requestOf(smnBody(text)), entry);
      const tasks = typeof events === 'string' ? [] : events.tasks;
      expect(tasks.length).toBeGreaterThan(0);
      const unreadable = tasks.find(({ action }) => action === 'unreadable');
      if (unreadable) expect(unreadable).toHaveProperty('payload', text);
    }),
    { numRuns: 500 },
  );
});

test('any text of SNS becomes at least one task, and a text that is not understood is kept', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    anyEvent.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const events = readBy(sns, requestOf(snsBody(text)), { topics: [SNS_TOPIC] });
      const tasks = typeof events === 'string' ? [] : events.tasks;
      expect(tasks.length).toBeGreaterThan(0);
      const unreadable = tasks.find(({ action }) => action === 'unreadable');
      if (unreadable) expect(unreadable).toHaveProperty('payload', text);
    }),
    { numRuns: 500 },
  );
});

test('any body is refused as unverified, with nothing of it in the error', async () => {
  const source = sourceFor(smn, { topics: [SMN_TOPIC] });
  const value = oneOf<unknown>('Notification', SMN_TOPIC, SIGNATURE, 'v1');
  const names = Object.keys(smnBody(''));
  const bodies = fc.oneof(
    fc.json(),
    fc.string(),
    fc.dictionary(fc.constantFrom(...names), value).map((fields) => JSON.stringify(smnBody('secret-text', fields))),
  );
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const refusal = await Promise.resolve()
        .then(() => smn.verify(requestOf(body), source as never, Date.UTC(2026, 10, 29, 9)))
        .catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(SignatureError);
      expect((refusal as Error).message).not.toContain('secret-text');
    }),
    { numRuns: 300 },
  );
});

test('the end of a subscription is an error in the log', () => {
  const lines = jest.spyOn(logger, 'error').mockImplementation(() => undefined);
  const fields = { type: 'UnsubscribeConfirmation', subscribe_url: 'https://example.com/?token=secret-token' };
  readBy(smn, requestOf(smnBody('text', fields)), { topics: [SMN_TOPIC] });
  expect(lines.mock.calls).toEqual([['webhook', { source: 'source', topic: SMN_TOPIC, subscription: 'ended' }]]);
});
