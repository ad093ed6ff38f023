/** A second implementation of SDK-HMAC-SHA256, for tests: it takes the canonical parts as they are and shares no code. */
import { createHash, createHmac } from 'node:crypto';

export interface Parts {
  method?: string;
  /** Canonical: encoded, ending in a slash. */
  uri: string;
  /** Canonical: encoded and sorted. */
  query?: string;
  /** In the order in which they are to be listed. */
  headers: Record<string, string>;
  body?: string | Uint8Array;
  /** In place of the hash of the body. */
  payloadHash?: string;
  accessKey: string;
  secretKey: string;
}

/** The Authorization header over exactly these parts. */
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

/** `20261122T062727Z`. */
export function sdkDateOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
