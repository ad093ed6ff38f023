/**
 * Signed messages of notification services: SMN of Huawei Cloud and Open Telekom Cloud, and SNS of AWS. Both sign the
 * same kind of text, so they differ only in the tables below.
 * Source: Huawei Cloud, SMN User Guide, "HTTP/HTTPS Messages"; AWS, SNS Developer Guide, "Verifying the signatures of
 * Amazon SNS messages".
 */
import { type KeyObject, verify } from 'node:crypto';
import { VISIBLE_ASCII } from '../domain/characters.ts';
import { SignatureError } from './signed-request.ts';

export const MESSAGE_TYPES = ['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation'] as const;
type MessageType = (typeof MESSAGE_TYPES)[number];

/** What a message contains, apart from its signature. */
const CONTENT = ['type', 'id', 'topic', 'timestamp', 'text', 'subject', 'confirmUrl', 'token'] as const;
type Content = (typeof CONTENT)[number];

/** How a service writes and signs its messages. */
export interface MessageForm {
  /** The names of the fields; undefined for what the service does not send. */
  names: Readonly<
    Record<Exclude<Content, 'token'> | 'signature' | 'version' | 'certificateUrl', string> & { token?: string }
  >;
  /** What is signed, in this order. `subject` is left out where it is absent or empty. */
  signed: Readonly<Record<'Notification' | 'others', readonly Content[]>>;
  /** By version of the signature (RSASSA-PKCS1-v1_5), its hash. The certificate must not choose the hash. */
  hashes: ReadonlyMap<string, 'sha1' | 'sha256'>;
  /** The form of the names of topics; the first group is the region. */
  topic: RegExp;
  /** @param region the region in the name of the topic */
  isCertificateUrl(url: string, region: string): boolean;
}

export const SMN: MessageForm = {
  names: {
    type: 'type',
    id: 'message_id',
    topic: 'topic_urn',
    timestamp: 'timestamp',
    text: 'message',
    subject: 'subject',
    confirmUrl: 'subscribe_url',
    signature: 'signature',
    version: 'signature_version',
    certificateUrl: 'signing_cert_url',
  },
  signed: {
    Notification: ['text', 'id', 'subject', 'timestamp', 'topic', 'type'],
    others: ['text', 'id', 'confirmUrl', 'timestamp', 'topic', 'type'],
  },
  hashes: new Map([['v1', 'sha256']]),
  topic: /^urn:smn:([a-z0-9-]{1,64}):[\w-]{1,64}:[\w-]{1,255}$/,
  // Huawei states no rule for the host; these are the hosts of its endpoints. Nothing is downloaded from this URL.
  isCertificateUrl: (url, region) =>
    new RegExp(
      `^https://smn\\.${region}\\.(?:myhuaweicloud\\.(?:com|eu)|otc\\.t-systems\\.com)/smn/SMN[_-]${region}[_-][0-9a-f-]{32,36}\\.pem$`,
    ).test(url),
};

export const SNS: MessageForm = {
  names: {
    type: 'Type',
    id: 'MessageId',
    topic: 'TopicArn',
    timestamp: 'Timestamp',
    text: 'Message',
    subject: 'Subject',
    confirmUrl: 'SubscribeURL',
    token: 'Token',
    signature: 'Signature',
    version: 'SignatureVersion',
    certificateUrl: 'SigningCertURL',
  },
  signed: {
    Notification: ['text', 'id', 'subject', 'timestamp', 'topic', 'type'],
    others: ['text', 'id', 'confirmUrl', 'timestamp', 'token', 'topic', 'type'],
  },
  // A topic signs with version 1 unless its attribute SignatureVersion is 2.
  hashes: new Map([
    ['1', 'sha1'],
    ['2', 'sha256'],
  ]),
  topic: /^arn:aws[a-z-]{0,16}:sns:([a-z0-9-]{1,64}):\d{12}:[\w-]{1,256}$/,
  // The URL must have no query, because other actions of this host return texts that their caller chooses.
  isCertificateUrl: (url, region) =>
    new RegExp(
      `^https://sns\\.${region}\\.amazonaws\\.com(?:\\.cn)?/SimpleNotificationService-[\\w-]{1,64}\\.pem$`,
    ).test(url),
};

export interface Message {
  type: MessageType;
  id: string;
  topic: string;
  /** The region in the name of the topic. */
  region: string;
  timestampMs: number;
  text: string;
  /** "" in a message of the type Notification. */
  confirmUrl: string;
  /** "" in a message of the type Notification, and in every message of SMN, which has no tokens. */
  token: string;
  certificateUrl: string;
  hash: 'sha1' | 'sha256';
  signature: Uint8Array;
  signedText: string;
}

/** A public key, and the time in which it is valid, as a certificate states it. */
export interface VerificationKey {
  key: KeyObject;
  validFromMs: number;
  validToMs: number;
}

/** A message that is sent again has the time of its first sending, and SMN does not say for how long it sends again. */
const AGE_MS_MAX = 24 * 60 * 60 * 1000;

/** The forms of the signed values. The text and the subject are not here, because they may hold anything. */
const PATTERNS: Partial<Record<Content, RegExp>> = {
  id: /^[\w-]{1,128}$/,
  timestamp: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/,
  confirmUrl: new RegExp(`^[${VISIBLE_ASCII}]{1,4096}$`),
  token: new RegExp(`^[${VISIBLE_ASCII}]{1,4096}$`),
};
const SIGNATURE = /^[A-Za-z0-9+/]{300,1400}={0,2}$/;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Parses a message that is not verified yet. Except in the text and the subject, no value can contain the end of a
 * line, so a signed text cannot be read as that of a message with another topic or type.
 * @param fields the JSON object of the body
 * @throws SignatureError
 */
export function parseMessage(fields: Fields, form: MessageForm): Message {
  const type = MESSAGE_TYPES.find((one) => one === fields[form.names.type]);
  if (!type) throw new SignatureError('unknown type of message');
  const signed = form.signed[type === 'Notification' ? 'Notification' : 'others'];
  const content = contentOf(fields, form, signed);
  const region = form.topic.exec(content.topic)?.[1];
  if (region === undefined) throw new SignatureError('malformed topic');
  return {
    ...content,
    type,
    region,
    timestampMs: Date.parse(content.timestamp),
    ...signatureOf(fields, form, region),
    signedText: signed
      .filter((part) => part !== 'subject' || content.subject !== '')
      .map((part) => `${form.names[part]}\n${content[part]}\n`)
      .join(''),
  };
}

/** Returns what is signed, as texts; "" for what the type of the message does not have. @throws SignatureError */
function contentOf(fields: Fields, { names }: MessageForm, signed: readonly Content[]): Record<Content, string> {
  const valueIn = (part: Content): string => {
    if (!signed.includes(part)) return '';
    const value = textIn(fields, names[part] ?? '', part === 'subject' ? '' : undefined);
    if (PATTERNS[part]?.test(value) === false) throw new SignatureError(`malformed ${names[part]}`);
    return value;
  };
  return Object.fromEntries(CONTENT.map((part) => [part, valueIn(part)])) as Record<Content, string>;
}

/** @throws SignatureError */
function signatureOf(fields: Fields, { names, hashes, isCertificateUrl }: MessageForm, region: string) {
  const hash = hashes.get(textIn(fields, names.version));
  if (!hash) throw new SignatureError('unknown version of the signature');
  const signature = textIn(fields, names.signature);
  if (!SIGNATURE.test(signature)) throw new SignatureError('malformed signature');
  const certificateUrl = textIn(fields, names.certificateUrl);
  if (!isCertificateUrl(certificateUrl, region)) {
    throw new SignatureError('the URL of the certificate is not one of the service in the region of the topic');
  }
  return { hash, signature: Buffer.from(signature, 'base64'), certificateUrl };
}

/** @param absent what an absent value counts as; undefined where it is required. @throws SignatureError */
function textIn(fields: Fields, name: string, absent?: string): string {
  const value = (Object.hasOwn(fields, name) ? fields[name] : undefined) ?? absent;
  if (typeof value !== 'string') throw new SignatureError(`missing ${name}, or not a string`);
  return value;
}

/**
 * Verifies that the service signed the message with one of the keys, and not more than a day ago. That proves which
 * service sent it, but not whose topic it is: everybody can have one, so the caller must check the topic.
 * @throws SignatureError
 */
export function verifyMessage(message: Message, keys: readonly VerificationKey[], nowMs: number): void {
  const { hash, signature, signedText } = message;
  assertRecent(message, nowMs);
  const isSigned = keys.some(
    ({ key, validFromMs, validToMs }) =>
      nowMs >= validFromMs && nowMs <= validToMs && verify(hash, Buffer.from(signedText), key, signature),
  );
  if (!isSigned) throw new SignatureError('wrong signature, or no certificate that is known and valid now');
}

/** @throws SignatureError */
export function assertRecent({ timestampMs }: Message, nowMs: number): void {
  // A date that does not exist is NaN, for which the comparison is false too.
  if (!(Math.abs(nowMs - timestampMs) <= AGE_MS_MAX)) throw new SignatureError('the timestamp is not of the last day');
}
