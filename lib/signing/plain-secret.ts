/** A secret that the source sends in each request instead of a signature. */
import { PRINTABLE_ASCII, VISIBLE_ASCII } from '../domain/characters.ts';
import { isEqualConstantTime } from './bytes.ts';
import { SignatureError } from './signed-request.ts';

/** Spaces inside are allowed, for headers such as `Basic …`. HTTP removes those at either end. */
const PLAIN = new RegExp(`^[${VISIBLE_ASCII}][${PRINTABLE_ASCII}]{14,}[${VISIBLE_ASCII}]$`);

const BEARER = new RegExp(`^Bearer +([${VISIBLE_ASCII}]+)$`, 'i');

/** Returns what is wrong with a configured secret, without repeating it; undefined if it is valid. */
export function plainSecretProblem(secret: string): string | undefined {
  return PLAIN.test(secret)
    ? undefined
    : 'must be at least 16 printable ASCII characters, without a space at either end';
}

/** @throws SignatureError if `sent` is none of the secrets */
export function verifyPlainSecret(sent: string | undefined, secrets: readonly string[]): void {
  if (!sent) throw new SignatureError('no secret');
  if (!secrets.some((secret) => isEqualConstantTime(secret, sent))) throw new SignatureError('wrong secret');
}

/** Returns the token in a header `Authorization: Bearer <token>`; undefined for another form. Source: RFC 6750, 2.1. */
export const bearerTokenIn = (header: string | undefined): string | undefined => BEARER.exec(header ?? '')?.[1];
