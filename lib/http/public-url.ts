import { type Config, isOnLambda } from '../config.ts';
import { KmsError } from '../errors.ts';
import type { SignableRequest } from '../signing/signed-request.ts';

/** A name, an IPv4 address or an IPv6 address, and an optional port. Source: RFC 9110, section 7.2. */
const HOST = /^([\w.-]{1,255}|\[[\da-fA-F:.]{2,45}\])(:\d{1,5})?$/;

/**
 * Returns the address of this service for links: the setting, or the host to which the client sent the request.
 * @throws KmsError APIGW.0201:400 for an invalid Host header
 */
export function publicUrlOf({ publicUrl }: Pick<Config, 'publicUrl'>, { headers }: SignableRequest): string {
  if (publicUrl !== undefined) return publicUrl;
  const host = headers['host'] ?? '';
  const url = `${isOnLambda() ? 'https' : 'http'}://${host}`;
  if (!HOST.test(host) || !URL.canParse(url)) {
    throw new KmsError('APIGW.0201:400', { detail: 'Host is not valid.' });
  }
  return url;
}
