/**
 * The adapter for SNS. Its signatures: test/signing/notification-message.test.ts. The events are made after the
 * documents of EventBridge, CloudTrail, AWS Health and GuardDuty.
 * Also tests: lib/webhooks/inbound/aws-events.ts, lib/webhooks/inbound/sns-certificates.ts.
 */
import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Task } from '../../../../lib/domain/job.ts';
import { KmsError } from '../../../../lib/errors.ts';
import { sns, snsAdapter } from '../../../../lib/webhooks/inbound/adapters/sns.ts';
import {
  newSigner,
  SNS_CERTIFICATE_URL,
  SNS_TOPIC,
  snsConfirmation,
  snsNotification,
} from '../../../support/notifications.ts';
import { readBy, refusalBy, requestOf, sourceFor } from './request.ts';

const signer = newSigner();
/** The certificate is valid from the time when it was made. */
const NOW = new Date(new X509Certificate(signer.certificate).validFrom).getTime() + 1000;
const entry = { topics: [SNS_TOPIC] };
const MINUTE = 60_000;
const PRINCIPAL = '0123456789abcdef0123456789abcdef';

const notification = (text: string, fields: object = {}) =>
  requestOf(snsNotification(text, { signer, atMs: NOW, fields: { ...fields } }));

function tasksOf(payload: unknown, settings: object = {}): readonly Task[] {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const events = readBy(sns, notification(text), { ...entry, ...settings });
  if (typeof events === 'string') throw new Error(events);
  return events.tasks;
}

/** A call that CloudTrail has recorded. */
const call = (eventSource: string, eventName: string, requestParameters: object | null, detail: object = {}) => ({
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'AWS API Call via CloudTrail',
  source: eventSource === 'iam.amazonaws.com' ? 'aws.iam' : 'aws.sso-directory',
  account: '123456789012',
  time: '2026-11-29T08:00:00Z',
  region: 'us-east-1',
  resources: [],
  detail: {
    eventVersion: '1.08',
    userIdentity: { type: 'IAMUser', userName: 'administrator', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' },
    eventSource,
    eventName,
    requestParameters,
    ...detail,
  },
});
const iam = (name: string, parameters: object | null = { userName: 'Ann' }, detail: object = {}) =>
  call('iam.amazonaws.com', name, parameters, detail);

const iamTask = (event: string) => ({
  action: 'revoke-principal',
  type: 'principal.disabled',
  event,
  identities: ['Ann'],
  caseInsensitiveIdentities: ['Ann'],
  reason: `sns ${event}`,
});

describe('verification', () => {
  test('an SNS message with either version of the signature is verified with the certificate in secrets, without a request', async () => {
    const adapter = snsAdapter(async () => {
      throw new Error('no request is expected');
    });
    for (const SignatureVersion of ['1', '2']) {
      const request = notification('text', { SignatureVersion });
      expect(await refusalBy(adapter, request, [signer.certificate], NOW, entry)).toBeUndefined();
    }
  });

  test('an SNS source without secrets fetches the certificate from SNS once, and uses it for a day', async () => {
    const urls: string[] = [];
    const adapter = snsAdapter(async (url) => {
      urls.push(url);
      return signer.certificate;
    });
    expect(await refusalBy(adapter, notification('text'), [], NOW, entry)).toBeUndefined();
    expect(await refusalBy(adapter, notification('other'), [], NOW, entry)).toBeUndefined();
    const forged = requestOf(snsNotification('text', { signer: newSigner(), atMs: NOW }));
    expect(await refusalBy(adapter, forged, [], NOW, entry)).toBe(
      'wrong signature, or no certificate that is known and valid now',
    );
    expect(urls).toEqual([SNS_CERTIFICATE_URL]);
  });

  test('of several certificates at the URL in an SNS message, the first one verifies it', async () => {
    const other = newSigner().certificate;
    const adapterOf = (text: string) => snsAdapter(async () => text);
    const refusal = (text: string) => refusalBy(adapterOf(text), notification('text'), [], NOW, entry);
    expect(await refusal(`Certificate of SNS:\n${signer.certificate}${other}`)).toBeUndefined();
    expect(await refusal(`${other}${signer.certificate}`)).toBeDefined();
  });

  test('an SNS message that names another host, another topic or an old time is refused without a request', async () => {
    let requests = 0;
    const adapter = snsAdapter(async () => {
      requests += 1;
      return signer.certificate;
    });
    const foreign = { TopicArn: 'arn:aws:sns:us-east-1:999999999999:key-events' };
    const host = { SigningCertURL: 'https://example.com/SimpleNotificationService-00.pem' };
    for (const request of [notification('text', foreign), notification('text', host)]) {
      expect(await refusalBy(adapter, request, [], NOW, entry)).toBeDefined();
    }
    expect(await refusalBy(adapter, notification('text'), [], NOW + 25 * 60 * MINUTE, entry)).toBeDefined();
    expect(requests).toBe(0);
  });

  test.each([
    ['cannot be reached', () => Promise.reject(new Error('no response'))],
    ['sends no certificate', () => Promise.resolve('<html></html>')],
    ['sends a public key', () => Promise.resolve(signer.publicKey)],
  ])('while SNS %s, a message gets 503, so that SNS sends it again', async (_, fetchText) => {
    const adapter = snsAdapter(fetchText);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error = await refusalBy(adapter, notification('text'), [], NOW, entry).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(KmsError);
      expect((error as KmsError).status).toBe(503);
    }
  });

  test('an SNS message in raw message delivery, which has no signature, is refused', async () => {
    const request = requestOf(iam('DeleteUser'));
    expect(await refusalBy(sns, request, [signer.certificate], NOW, entry)).toBe('unknown type of message');
  });
});

describe('calls that CloudTrail has recorded', () => {
  test('iam.DeleteUser revokes the grants of the deleted user, not of the administrator', () => {
    expect(tasksOf(iam('DeleteUser'))).toEqual([iamTask('iam.DeleteUser')]);
    for (const parameters of [null, {}, { userName: '' }, { userName: 7 }, { userName: ['Ann'] }]) {
      const payload = iam('DeleteUser', parameters);
      expect(tasksOf(payload)).toEqual([
        {
          action: 'unreadable',
          type: 'unreadable',
          reason: 'requestParameters.userName is required.',
          payload: JSON.stringify(payload),
        },
      ]);
    }
  });

  test.each([
    ['sso-directory', 'DisableUser'],
    ['sso-directory', 'DeleteUser'],
    ['identitystore', 'DeleteUser'],
  ])('the AWS call %s.%s revokes the grants of the user with that id', (service, name) => {
    const parameters = { identityStoreId: 'd-1234567890', userId: '90677c608a-7afcdc23', userName: 'other' };
    expect(tasksOf(call(`${service}.amazonaws.com`, name, parameters))).toEqual([
      {
        action: 'revoke-principal',
        type: 'principal.disabled',
        event: `${service}.${name}`,
        identities: ['90677c608a-7afcdc23'],
        reason: `sns ${service}.${name}`,
      },
    ]);
  });

  test('a call of AWS that failed revokes nothing', () => {
    expect(tasksOf(iam('DeleteUser', undefined, { errorCode: 'AccessDenied' }))).toEqual([
      { action: 'ignore', type: 'iam.DeleteUser' },
    ]);
  });

  test.each(['DeleteAccessKey', 'DeleteLoginProfile', 'UpdateAccessKey'])(
    'the AWS call iam.%s is ignored, unless the setting events gives it another meaning',
    (name) => {
      const event = `iam.${name}`;
      const payload = iam(name, { userName: 'Ann', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', status: 'Inactive' });
      expect(tasksOf(payload)).toEqual([{ action: 'ignore', type: event }]);
      expect(tasksOf(payload, { events: { [event]: 'principal.disabled' } })).toEqual([iamTask(event)]);
    },
  );

  test('the AWS call iam.UpdateAccessKey revokes nothing if it activates the key', () => {
    const payload = iam('UpdateAccessKey', { userName: 'Ann', status: 'Active' });
    expect(tasksOf(payload, { events: { 'iam.UpdateAccessKey': 'principal.disabled' } })).toEqual([
      { action: 'ignore', type: 'iam.UpdateAccessKey' },
    ]);
  });

  test('AWS calls that take no access away, and EventBridge events that are no calls, are ignored', () => {
    expect(tasksOf(iam('CreateUser'))).toEqual([{ action: 'ignore', type: 'iam.CreateUser' }]);
    const state = { 'detail-type': 'EC2 Instance State-change Notification', source: 'aws.ec2', detail: {} };
    expect(tasksOf(state)).toEqual([{ action: 'ignore', type: 'aws.ec2 EC2 Instance State-change Notification' }]);
  });
});

describe('leaks', () => {
  const exposed = {
    'detail-type': 'AWS Health Event',
    source: 'aws.health',
    detail: {
      eventTypeCode: 'AWS_RISK_CREDENTIALS_EXPOSED',
      affectedEntities: [{ entityValue: 'AKIAIOSFODNN7EXAMPLE' }],
    },
  };
  const finding = {
    'detail-type': 'GuardDuty Finding',
    source: 'aws.guardduty',
    detail: {
      type: 'UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS',
      resource: {
        resourceType: 'AccessKey',
        accessKeyDetails: { userName: 'Ann', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' },
      },
    },
  };

  test('a report of AWS Health about an exposed access key waits for a person, and so does a GuardDuty finding about one', () => {
    expect(tasksOf(exposed)).toEqual([
      {
        action: 'needs-person',
        type: 'health.AWS_RISK_CREDENTIALS_EXPOSED',
        identities: ['AKIAIOSFODNN7EXAMPLE'],
        reason: 'sns health.AWS_RISK_CREDENTIALS_EXPOSED',
      },
    ]);
    expect(tasksOf(finding)).toEqual([
      {
        action: 'needs-person',
        type: 'guardduty.AccessKey',
        identities: ['Ann'],
        reason: `sns guardduty.AccessKey: ${finding.detail.type}`,
      },
    ]);
  });

  test('a GuardDuty finding about a machine, and other events of AWS Health, are ignored', () => {
    const machine = { ...finding, detail: { type: 'Recon:EC2/Portscan', resource: { resourceType: 'Instance' } } };
    const news = { ...exposed, detail: { eventTypeCode: 'AWS_EC2_OPERATIONAL_ISSUE' } };
    expect(tasksOf(machine)).toEqual([{ action: 'ignore', type: 'guardduty.Recon:EC2/Portscan' }]);
    expect(tasksOf(news)).toEqual([{ action: 'ignore', type: 'health.AWS_EC2_OPERATIONAL_ISSUE' }]);
  });
});

describe('the body of Standard Webhooks', () => {
  test('an SNS message whose text is the body of Standard Webhooks has the effect that it has on a source of the kind standard', () => {
    const payload = { type: 'principal.disabled', data: { grantee_principal: PRINCIPAL, reason: 'left' } };
    expect(tasksOf(payload)).toMatchObject([
      { action: 'revoke-principal', type: 'principal.disabled', grantee: PRINCIPAL, reason: 'left' },
    ]);
    expect(tasksOf({ type: 'order.paid', data: {} })).toEqual([{ action: 'ignore', type: 'order.paid' }]);
  });

  test('an SNS message with an unknown field is stored for a person to read, because the field may limit what it is about', () => {
    const payload = { type: 'principal.disabled', data: { grantee_principal: PRINCIPAL, keyid: 'x' } };
    expect(tasksOf(payload)).toMatchObject([{ action: 'unreadable', payload: JSON.stringify(payload) }]);
  });
});

test.each([
  ['a text for people', 'ALARM: "cpu" in US East (N. Virginia)'],
  ['an alarm of CloudWatch', '{"AlarmName":"cpu","NewStateValue":"ALARM"}'],
  ['a recorded call without its name', JSON.stringify(iam('x', null, { eventName: undefined }))],
  ['an event without detail', '{"detail-type":"AWS API Call via CloudTrail","source":"aws.iam"}'],
  ['a list', '[]'],
  ['null', 'null'],
  ['much nesting', '['.repeat(50_000)],
  ['a key twice', '{"type":"x","type":"principal.disabled"}'],
])('an SNS message with %s is stored and shown as unreadable', (_, text) => {
  expect(tasksOf(text)).toEqual([
    { action: 'unreadable', type: 'unreadable', reason: expect.any(String), payload: text.slice(0, 32 * 1024) },
  ]);
});

test('the id of an SNS delivery is its MessageId, and the end of the subscription waits for a person', () => {
  const MessageId = '165545c9-2a5c-472c-8df2-7ff2be2b3b1b';
  expect(readBy(sns, notification('x', { MessageId }), entry)).toMatchObject({ deliveryId: MessageId });
  const body = snsConfirmation(
    'https://sns.us-east-1.amazonaws.com/',
    { signer, atMs: NOW },
    'UnsubscribeConfirmation',
  );
  expect(readBy(sns, requestOf(body), entry)).toMatchObject({
    tasks: [{ action: 'needs-person', type: 'UnsubscribeConfirmation' }],
  });
});

test('an SNS source without the ARN of a topic aborts startup', () => {
  expect(() => sourceFor(sns, {})).toThrow('source.topics: is missing: must be a list');
  expect(() => sourceFor(sns, { topics: ['key-events'] })).toThrow('arn:aws:sns:<region>:<account>:<topic>');
});
