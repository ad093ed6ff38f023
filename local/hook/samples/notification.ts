/** Makes and signs messages in the forms of SMN and SNS. */
import { createHash, sign } from 'node:crypto';
import type { SampleOptions, SampleRequest } from '../sample.ts';

/** Returns the first topic of the source. */
export function topicOf({ source }: SampleOptions): string {
  const { topics = [] } = source.settings as { topics?: readonly string[] };
  return topics[0] ?? '';
}

/** Returns an id of 32 hex digits that is the same for the same delivery. */
export const idOf = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 32);

/**
 * Returns the request with the message and its signature.
 * @param fields in the order in which the service signs them
 * @param rest fields that are not signed
 */
export function signedMessage(
  fields: Readonly<Record<string, string>>,
  rest: Readonly<Record<string, string>>,
  { name, hash, secret }: { name: string; hash: 'sha1' | 'sha256'; secret: string },
): Pick<SampleRequest, 'body'> {
  const text = Object.entries(fields)
    .map(([field, value]) => `${field}\n${value}\n`)
    .join('');
  const signature = sign(hash, Buffer.from(text), secret).toString('base64');
  return { body: JSON.stringify({ ...fields, ...rest, [name]: signature }) };
}
