/**
 * Messages of SMN and SNS, signed by openssl over a text that is written out here: what the service signs with its own
 * code must not judge itself.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const SMN_TOPIC = 'urn:smn:eu-de:0123456789abcdef0123456789abcdef:key-events';
export const SNS_TOPIC = 'arn:aws:sns:us-east-1:123456789012:key-events';
const SMN_CERTIFICATE_URL = 'https://smn.eu-de.otc.t-systems.com/smn/SMN_eu-de_00112233445566778899aabbccddeeff.pem';
export const SNS_CERTIFICATE_URL =
  'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-00112233445566778899aabbccddeeff.pem';

/** A key pair with a certificate that is valid from now on. */
export interface Signer {
  certificate: string;
  publicKey: string;
  privateKey: string;
}

const inFolder = <T>(work: (folder: string) => T): T => {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-notifications-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** Makes an RSA key pair and a certificate with openssl. */
export function newSigner({ days = 3650, bits = 2048 } = {}): Signer {
  return inFolder((folder) => {
    const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const request = ['req', '-x509', '-newkey', `rsa:${bits}`, '-nodes', '-subj', '/CN=test', '-days', String(days)];
    execFileSync('openssl', [...request, '-keyout', keyFile, '-out', certificateFile], { stdio: 'pipe' });
    const publicKey = execFileSync('openssl', ['x509', '-in', certificateFile, '-noout', '-pubkey']).toString();
    return {
      certificate: readFileSync(certificateFile, 'utf8'),
      publicKey,
      privateKey: readFileSync(keyFile, 'utf8'),
    };
  });
}

/** Returns the RSASSA-PKCS1-v1_5 signature in base64. */
export function signature(text: string, privateKey: string, hash: 'sha1' | 'sha256' | 'sha512' = 'sha256'): string {
  return inFolder((folder) => {
    const keyFile = join(folder, 'key.pem');
    writeFileSync(keyFile, privateKey);
    return execFileSync('openssl', ['dgst', `-${hash}`, '-sign', keyFile], { input: text }).toString('base64');
  });
}

type Fields = Readonly<Record<string, unknown>>;

interface MessageOptions {
  signer: Signer;
  atMs: number;
  /** Fields that replace those of the message before it is signed. */
  fields?: Fields;
  /** Fields that replace those of the message after it is signed. */
  forged?: Fields;
}

const without = (fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** A notification of SMN. Source: SMN User Guide, "HTTP or HTTPS Message Format". */
export function smnNotification(text: string, { signer, atMs, fields = {}, forged = {} }: MessageOptions): string {
  const message: Record<string, unknown> = {
    signature_version: 'v1',
    signing_cert_url: SMN_CERTIFICATE_URL,
    unsubscribe_url: 'https://console.huaweicloud.com/smn/subscription/unsubscribe?token=x',
    type: 'Notification',
    topic_urn: SMN_TOPIC,
    message_id: randomUUID().replaceAll('-', ''),
    message: text,
    timestamp: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    ...fields,
  };
  const subject = message['subject'] ? `subject\n${message['subject']}\n` : '';
  const signed = `message\n${message['message']}\nmessage_id\n${message['message_id']}\n${subject}timestamp\n${message['timestamp']}\ntopic_urn\n${message['topic_urn']}\ntype\n${message['type']}\n`;
  return JSON.stringify(without({ ...message, signature: signature(signed, signer.privateKey), ...forged }));
}

/** A message by which SMN asks to confirm a subscription, or tells that one has ended. */
export function smnConfirmation(
  url: string,
  { signer, atMs, fields = {}, forged = {} }: MessageOptions,
  type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation' = 'SubscriptionConfirmation',
): string {
  const message: Record<string, unknown> = {
    signature_version: 'v1',
    signing_cert_url: SMN_CERTIFICATE_URL,
    subscribe_url: url,
    type,
    topic_urn: SMN_TOPIC,
    message_id: randomUUID().replaceAll('-', ''),
    message: 'A text for people.',
    timestamp: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    ...fields,
  };
  const signed = `message\n${message['message']}\nmessage_id\n${message['message_id']}\nsubscribe_url\n${message['subscribe_url']}\ntimestamp\n${message['timestamp']}\ntopic_urn\n${message['topic_urn']}\ntype\n${message['type']}\n`;
  return JSON.stringify(without({ ...message, signature: signature(signed, signer.privateKey), ...forged }));
}

/** A notification of SNS. Source: SNS Developer Guide, "HTTP/HTTPS notification JSON format". */
export function snsNotification(text: string, { signer, atMs, fields = {}, forged = {} }: MessageOptions): string {
  const message: Record<string, unknown> = {
    Type: 'Notification',
    MessageId: randomUUID(),
    TopicArn: SNS_TOPIC,
    Message: text,
    Timestamp: new Date(atMs).toISOString(),
    SignatureVersion: '1',
    SigningCertURL: SNS_CERTIFICATE_URL,
    UnsubscribeURL: 'https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe',
    ...fields,
  };
  const hash = message['SignatureVersion'] === '2' ? 'sha256' : 'sha1';
  const subject = message['Subject'] === undefined ? '' : `Subject\n${message['Subject']}\n`;
  const signed = `Message\n${message['Message']}\nMessageId\n${message['MessageId']}\n${subject}Timestamp\n${message['Timestamp']}\nTopicArn\n${message['TopicArn']}\nType\n${message['Type']}\n`;
  return JSON.stringify(without({ ...message, Signature: signature(signed, signer.privateKey, hash), ...forged }));
}

/** A message by which SNS asks to confirm a subscription, or tells that one has ended. */
export function snsConfirmation(
  url: string,
  { signer, atMs, fields = {}, forged = {} }: MessageOptions,
  type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation' = 'SubscriptionConfirmation',
): string {
  const message: Record<string, unknown> = {
    Type: type,
    MessageId: randomUUID(),
    Token: '2336412f37fb687f',
    TopicArn: SNS_TOPIC,
    Message: 'A text for people.',
    SubscribeURL: url,
    Timestamp: new Date(atMs).toISOString(),
    SignatureVersion: '2',
    SigningCertURL: SNS_CERTIFICATE_URL,
    ...fields,
  };
  const hash = message['SignatureVersion'] === '2' ? 'sha256' : 'sha1';
  const signed = `Message\n${message['Message']}\nMessageId\n${message['MessageId']}\nSubscribeURL\n${message['SubscribeURL']}\nTimestamp\n${message['Timestamp']}\nToken\n${message['Token']}\nTopicArn\n${message['TopicArn']}\nType\n${message['Type']}\n`;
  return JSON.stringify(without({ ...message, Signature: signature(signed, signer.privateKey, hash), ...forged }));
}
