/**
 * Messages of SMN and SNS that openssl signs for the test (`test/support/notifications.ts`). The npm package
 * sns-validator checks the same messages of SNS, and must come to the same result. Signatures of real messages of SMN
 * are in smn-certificate.test.ts.
 */
import https from 'node:https';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { afterAll, expect, test } from '@jest/globals';
import {
  type MessageForm,
  parseMessage,
  SMN,
  SNS,
  type VerificationKey,
  verifyMessage,
} from '../../lib/signing/notification-message.ts';
import { SignatureError } from '../../lib/signing/signed-request.ts';
import { parseVerificationKey } from '../../lib/signing/verification-key.ts';
import {
  newSigner,
  signature,
  smnConfirmation,
  smnNotification,
  snsConfirmation,
  snsNotification,
} from '../support/notifications.ts';

const DAY = 24 * 60 * 60 * 1000;

const signer = newSigner();
const otherSigner = newSigner();
const keyOf = (pem: string) => parseVerificationKey(pem) as VerificationKey;
const key = keyOf(signer.certificate);
const nowMs = key.validFromMs + 60_000;
const options = { signer, atMs: nowMs };

/** Returns why a message is refused; undefined when it is verified. */
function refusal(form: MessageForm, body: string, keys: readonly VerificationKey[] = [key], atMs = nowMs) {
  try {
    verifyMessage(parseMessage(JSON.parse(body), form), keys, atMs);
    return undefined;
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return error.message;
  }
}

const WRONG = 'wrong signature, or no certificate that is known and valid now';
const CONFIRM_URL = 'https://console.huaweicloud.com/smn/subscription/confirm?token=x';
const TEXT = 'several\nlines, "quotes" and 中文';

test.each([
  ['a notification of SMN', SMN, smnNotification(TEXT, options)],
  ['a notification of SMN with a subject', SMN, smnNotification(TEXT, { ...options, fields: { subject: '告警' } })],
  ['a notification of SMN with an empty subject', SMN, smnNotification(TEXT, { ...options, fields: { subject: '' } })],
  ['a notification of SMN with subject null', SMN, smnNotification(TEXT, { ...options, fields: { subject: null } })],
  ['a confirmation of SMN', SMN, smnConfirmation(CONFIRM_URL, options)],
  ['the end of a subscription of SMN', SMN, smnConfirmation(CONFIRM_URL, options, 'UnsubscribeConfirmation')],
  ['a notification of SNS, version 1', SNS, snsNotification(TEXT, options)],
  ['a notification of SNS, version 2', SNS, snsNotification(TEXT, { ...options, fields: { SignatureVersion: '2' } })],
  ['a notification of SNS with a subject', SNS, snsNotification(TEXT, { ...options, fields: { Subject: 'ü' } })],
  ['a confirmation of SNS', SNS, snsConfirmation(CONFIRM_URL, options)],
  ['the end of a subscription of SNS', SNS, snsConfirmation(CONFIRM_URL, options, 'UnsubscribeConfirmation')],
])('%s is verified with the certificate or the public key of its signer, and with no other one', (_, form, body) => {
  expect(refusal(form, body)).toBeUndefined();
  expect(refusal(form, body, [keyOf(otherSigner.certificate), keyOf(signer.publicKey)])).toBeUndefined();
  expect(refusal(form, body, [keyOf(otherSigner.certificate)])).toBe(WRONG);
  expect(refusal(form, body, [])).toBe(WRONG);
});

test('type, topic, text and time of a message are read from fields that are signed', () => {
  const fields = { message_id: '0123456789abcdef0123456789abcdef', timestamp: '2026-11-29T08:00:00Z' };
  expect(parseMessage(JSON.parse(smnNotification(TEXT, { ...options, fields })), SMN)).toMatchObject({
    type: 'Notification',
    id: '0123456789abcdef0123456789abcdef',
    topic: 'urn:smn:eu-de:0123456789abcdef0123456789abcdef:key-events',
    region: 'eu-de',
    timestampMs: Date.UTC(2026, 10, 29, 8),
    text: TEXT,
    hash: 'sha256',
  });
  const confirmation = parseMessage(JSON.parse(snsConfirmation(CONFIRM_URL, options)), SNS);
  expect(confirmation).toMatchObject({ confirmUrl: CONFIRM_URL, token: '2336412f37fb687f', region: 'us-east-1' });
});

test.each([
  ['message', 'another text'],
  ['message_id', 'ffffffffffffffffffffffffffffffff'],
  ['subject', 'a subject'],
  ['timestamp', new Date(nowMs + 1000).toISOString()],
  ['topic_urn', 'urn:smn:eu-de:0123456789abcdef0123456789abcdef:other'],
])('an SMN message whose %s was changed after it was signed is refused', (field, value) => {
  expect(refusal(SMN, smnNotification(TEXT, { ...options, forged: { [field]: value } }))).toBe(WRONG);
});

test.each(['Message', 'MessageId', 'Subject', 'TopicArn'])(
  'an SNS message whose %s was changed after it was signed is refused',
  (field) => {
    const value = field === 'TopicArn' ? 'arn:aws:sns:us-east-1:123456789012:other' : 'other';
    expect(refusal(SNS, snsNotification(TEXT, { ...options, forged: { [field]: value } }))).toBe(WRONG);
  },
);

test.each(['SubscribeURL', 'Token'])('an SNS confirmation whose %s was changed is refused', (field) => {
  expect(refusal(SNS, snsConfirmation(CONFIRM_URL, { ...options, forged: { [field]: 'https://other' } }))).toBe(WRONG);
});

test('a signature with another hash than that of its version is refused', () => {
  const body = JSON.parse(smnNotification('text', options));
  const text = parseMessage(body, SMN).signedText;
  for (const hash of ['sha1', 'sha512'] as const) {
    const signed = { ...body, signature: signature(text, signer.privateKey, hash) };
    expect(refusal(SMN, JSON.stringify(signed))).toBe(WRONG);
  }
  const version1 = snsNotification('text', { ...options, forged: { SignatureVersion: '2' } });
  expect(refusal(SNS, version1)).toBe(WRONG);
});

test('a confirmation cannot be passed off as the end of a subscription, nor the other way round', () => {
  const forged = { type: 'UnsubscribeConfirmation' };
  expect(refusal(SMN, smnConfirmation(CONFIRM_URL, { ...options, forged }))).toBe(WRONG);
  const fields = { subscribe_url: CONFIRM_URL, type: 'SubscriptionConfirmation' };
  expect(refusal(SMN, smnNotification('text', { ...options, forged: fields }))).toBe(WRONG);
});

// The text of a message is chosen by whoever publishes it, also in a topic of their own.
test('a text that contains the lines of another message does not become that message', () => {
  const topic = 'urn:smn:eu-de:0123456789abcdef0123456789abcdef:key-events';
  const foreign = 'urn:smn:eu-de:ffffffffffffffffffffffffffffffff:attack';
  const tail = `\nmessage_id\nffff\ntimestamp\n${new Date(nowMs).toISOString()}\ntopic_urn\n${topic}\ntype\nNotification`;
  const body = JSON.parse(smnNotification(`evil${tail}`, { ...options, fields: { topic_urn: foreign } }));
  for (const type of ['Notification', `Notification\nmessage_id\n${body.message_id}`]) {
    const forged = { ...body, message: 'evil', message_id: 'ffff', topic_urn: topic, type };
    expect(refusal(SMN, JSON.stringify(forged))).toBeDefined();
  }
});

test.each([
  [
    'signing_cert_url',
    'https://smn.eu-de.otc.t-systems.com.example.com/smn/SMN_eu-de_00112233445566778899aabbccddeeff.pem',
  ],
  ['signing_cert_url', 'https://example.com/smn/SMN_eu-de_00112233445566778899aabbccddeeff.pem'],
  ['signing_cert_url', 'http://smn.eu-de.otc.t-systems.com/smn/SMN_eu-de_00112233445566778899aabbccddeeff.pem'],
  ['signing_cert_url', 'https://smn.eu-de.otc.t-systems.com:444/smn/SMN_eu-de_00112233445566778899aabbccddeeff.pem'],
  ['signing_cert_url', 'https://u@smn.eu-de.otc.t-systems.com/smn/SMN_eu-de_00112233445566778899aabbccddeeff.pem'],
  ['signing_cert_url', 'https://smn.eu-de.otc.t-systems.com/smn/SMN_eu-de_00112233445566778899aabbccddeeff.pem?x=1'],
  ['signing_cert_url', 'https://smn.eu-nl.otc.t-systems.com/smn/SMN_eu-nl_00112233445566778899aabbccddeeff.pem'],
  ['signing_cert_url', 'https://smn.eu-de.otc.t-systems.com/smn/../SMN_eu-de_00112233445566778899aabbccddeeff.pem'],
  ['signing_cert_url', ''],
])('a message of SMN with the %s %s is refused, although it is signed', (field, url) => {
  expect(refusal(SMN, smnNotification('text', { ...options, forged: { [field]: url } }))).toBe(
    'the URL of the certificate is not one of the service in the region of the topic',
  );
});

test.each([
  'https://smn.cn-north-4.myhuaweicloud.com/smn/SMN_cn-north-4_00112233445566778899aabbccddeeff.pem',
  'https://smn.cn-north-4.myhuaweicloud.eu/smn/SMN_cn-north-4_00112233445566778899aabbccddeeff.pem',
])('a message with the URL %s of a certificate is accepted', (url) => {
  const fields = { topic_urn: 'urn:smn:cn-north-4:0123456789abcdef0123456789abcdef:x', signing_cert_url: url };
  expect(refusal(SMN, smnNotification('text', { ...options, fields }))).toBeUndefined();
});

test.each([
  'https://sns.us-east-1.amazonaws.com.example.com/SimpleNotificationService-00.pem',
  'https://sns.us-east-1.example.com/SimpleNotificationService-00.pem',
  'https://sns.us-west-2.amazonaws.com/SimpleNotificationService-00.pem',
  'https://sns.us-east-1.amazonaws.com/?Action=GetEndpointAttributes&x=SimpleNotificationService-00.pem',
  'https://sns.us-east-1.amazonaws.com/other/SimpleNotificationService-00.pem',
  'http://sns.us-east-1.amazonaws.com/SimpleNotificationService-00.pem',
])('a message of SNS with the URL %s of a certificate is refused', (url) => {
  expect(refusal(SNS, snsNotification('text', { ...options, forged: { SigningCertURL: url } }))).toBe(
    'the URL of the certificate is not one of the service in the region of the topic',
  );
});

test.each([
  ['type', 'HttpSubscriptionUserConfirm', 'unknown type of message'],
  ['type', undefined, 'unknown type of message'],
  ['type', 'constructor', 'unknown type of message'],
  ['topic_urn', 'urn:smn:eu-de:x', 'malformed topic'],
  ['topic_urn', ['urn:smn:eu-de:a:b'], 'missing topic_urn, or not a string'],
  ['message', undefined, 'missing message, or not a string'],
  ['message', { a: 1 }, 'missing message, or not a string'],
  ['subject', 7, 'missing subject, or not a string'],
  ['message_id', 'a\nb', 'malformed message_id'],
  ['timestamp', '29.11.2026', 'malformed timestamp'],
  ['timestamp', '2026-13-41T00:00:00Z', 'the timestamp is not of the last day'],
  ['signature', undefined, 'missing signature, or not a string'],
  ['signature', '%%%', 'malformed signature'],
  ['signature', 'A'.repeat(344), WRONG],
  ['signature_version', 'v2', 'unknown version of the signature'],
  ['signature_version', 'constructor', 'unknown version of the signature'],
])('a message of SMN with the %s %j is refused', (field, value, expected) => {
  expect(refusal(SMN, smnNotification('text', { ...options, forged: { [field]: value } }))).toBe(expected);
});

test('a message is refused a day before and after it was sent, and accepted in between', () => {
  const endless = [keyOf(signer.publicKey)];
  const body = snsNotification('text', options);
  for (const [atMs, expected] of [
    [nowMs + DAY, undefined],
    [nowMs - DAY, undefined],
    [nowMs + DAY + 1, 'the timestamp is not of the last day'],
    [nowMs - DAY - 1, 'the timestamp is not of the last day'],
  ] as const) {
    expect(refusal(SNS, body, endless, atMs)).toBe(expected);
  }
});

test('a certificate verifies nothing before it is valid and after it has ended', () => {
  for (const [atMs, expected] of [
    [key.validFromMs - 1, WRONG],
    [key.validFromMs, undefined],
    [key.validToMs, undefined],
    [key.validToMs + 1, WRONG],
  ] as const) {
    const seconds = Math.trunc(atMs / 1000) * 1000;
    expect(refusal(SMN, smnNotification('text', { signer, atMs: seconds }), [key], atMs)).toBe(expected);
  }
});

type Callback = (error: Error | null) => void;
type Validator = { validate(message: object, callback: Callback): void };
const MessageValidator = createRequire(import.meta.url)('sns-validator') as new () => Validator;
const get = https.get;
afterAll(() => {
  https.get = get;
});

/** What sns-validator says about a message, without a network: it requests the certificate by `https.get`. */
function judged(body: string): Promise<boolean> {
  const respond = (_url: string, callback: (response: Readable & { statusCode?: number }) => void) => {
    callback(Object.assign(Readable.from([signer.certificate]), { statusCode: 200 }));
    return { on: () => undefined };
  };
  https.get = respond as unknown as typeof https.get;
  return new Promise((resolve) => {
    new MessageValidator().validate(JSON.parse(body), (error) => resolve(error === null));
  });
}

test.each([
  ['version 1', snsNotification('text', options)],
  ['version 2', snsNotification('text', { ...options, fields: { SignatureVersion: '2' } })],
  ['a subject', snsNotification('text', { ...options, fields: { Subject: 'a subject' } })],
  ['a confirmation', snsConfirmation('https://sns.us-east-1.amazonaws.com/?x=1', options)],
  ['a changed text', snsNotification('text', { ...options, forged: { Message: 'other' } })],
  ['another signer', snsNotification('text', { ...options, signer: otherSigner })],
  ['another host', snsNotification('text', { ...options, forged: { SigningCertURL: 'https://example.com/a.pem' } })],
])('sns-validator and the service agree about a message of SNS with %s', async (_, body) => {
  expect(refusal(SNS, body) === undefined).toBe(await judged(body));
});
