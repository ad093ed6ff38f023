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
  /** Region and service of the derived-key form; the plain form when absent. */
  derived?: { region: string; service: string };
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
  derived,
}: Parts): string {
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`);
  const canonical = `${method}\n${uri}\n${query}\n${lines.join('\n')}\n\n${names}\n${payloadHash}`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const date = headers['x-sdk-date'] ?? '';
  if (derived) {
    const day = date.slice(0, 8);
    const scope = `${day}/${derived.region}/${derived.service}/sdk_request`;
    let key: string | Buffer = `SDK${secretKey}`;
    for (const part of [day, derived.region, derived.service, 'sdk_request']) {
      key = createHmac('sha256', key).update(part).digest();
    }
    const signature = createHmac('sha256', key).update(`SDK-HMAC-SHA256\n${date}\n${scope}\n${hash}`).digest('hex');
    return `SDK-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  }
  const signature = createHmac('sha256', secretKey).update(`SDK-HMAC-SHA256\n${date}\n${hash}`).digest('hex');
  return `SDK-HMAC-SHA256 Access=${accessKey}, SignedHeaders=${names}, Signature=${signature}`;
}

/** Formats a time for X-Sdk-Date, such as `20261122T062727Z`. */
export function sdkDateOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
