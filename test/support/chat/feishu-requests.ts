/** The requests that Feishu sends, signed and encrypted by code that shares nothing with `lib/`. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { SignableRequest } from '../../../lib/signing/signed-request.ts';

export const APP = {
  appId: 'cli_a5fb0ae6a4123456',
  appSecret: 'an-app-secret-of-the-console',
  encryptKey: 'an-encrypt-key-of-the-console',
  verificationToken: 'rvaYgkND1GOiu5MM0E1rncYC6PLtF7JV',
  tenant: '2ca1d211f64f6438',
  bot: 'ou_bot',
} as const;

export interface RequestChanges {
  encryptKey?: string;
  nowMs?: number;
  headers?: Record<string, string | undefined>;
}

export function eventOf<E extends object>(eventType: string, event: E, header: object = {}) {
  return {
    schema: '2.0',
    header: {
      event_id: randomBytes(16).toString('hex'),
      token: APP.verificationToken,
      create_time: '1608725989000',
      event_type: eventType,
      tenant_key: APP.tenant,
      app_id: APP.appId,
      ...header,
    },
    event,
  };
}

/** Source: Feishu Open Platform, "Encrypt Key encryption configuration". */
export function requestOf(
  content: object | string,
  { encryptKey = APP.encryptKey, nowMs = 0, headers = {} }: RequestChanges,
): SignableRequest {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', createHash('sha256').update(encryptKey).digest(), iv);
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const encrypted = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
  return signed(JSON.stringify({ encrypt: encrypted }), { encryptKey, nowMs, headers });
}

export function signed(
  body: string,
  { encryptKey = APP.encryptKey, nowMs = 0, headers = {} }: RequestChanges,
): SignableRequest {
  const timestamp = String(Math.floor(nowMs / 1000));
  const nonce = randomBytes(8).toString('hex');
  const signature = createHash('sha256').update(`${timestamp}${nonce}${encryptKey}${body}`).digest('hex');
  return {
    method: 'POST',
    path: '/hooks/feishu',
    query: '',
    headers: {
      'content-type': 'application/json',
      'x-lark-request-timestamp': timestamp,
      'x-lark-request-nonce': nonce,
      'x-lark-signature': signature,
      ...headers,
    },
    body: Buffer.from(body),
  };
}
