/** A second implementation of SDK-HMAC-SHA256 for tests. It takes canonical parts and shares no code with lib/. */
import { createHash, createHmac } from 'node:crypto';

interface Parts {
  method?: string;
  /** In canonical form: encoded, with a slash at the end. */
  uri: string;
  /** In canonical form: encoded and sorted. */
  query?: string;
  /** All are signed, in this order. */
  headers: Record<string, string>;
  body?: string | Uint8Array;
  /** Used instead of the hash of the body. */
  payloadHash?: string;
  accessKey: string;
  secretKey: string;
}

/** Returns the Authorization header that signs exactly these parts. */
export function authorizationOf({
  method = 'POST',
  uri,
  query = '',
  headers,
  body = '',
  payloadHash = createHash('sha256').update(body).digest('hex'),
  accessKey,
  secretKey,
}: Parts): string {
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`);
  const canonical = `${method}\n${uri}\n${query}\n${lines.join('\n')}\n\n${names}\n${payloadHash}`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const signature = createHmac('sha256', secretKey)
    .update(`SDK-HMAC-SHA256\n${headers['x-sdk-date'] ?? ''}\n${hash}`)
    .digest('hex');
  return `SDK-HMAC-SHA256 Access=${accessKey}, SignedHeaders=${names}, Signature=${signature}`;
}

/** Formats a time for X-Sdk-Date, such as `20261122T062727Z`. */
export function sdkDateOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
