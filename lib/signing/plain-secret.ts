/** A secret that is sent as it is with every request, where a source has nothing better. */
import { isEqualConstantTime } from './bytes.ts';
import { SignatureError } from './signed-request.ts';

/** Inner spaces are allowed: some are a whole header, scheme and all. The outer ones HTTP takes away. */
const PLAIN = /^[\x21-\x7e][\x20-\x7e]{14,}[\x21-\x7e]$/;

/** What is wrong with a secret, in words that do not repeat it. */
export function plainSecretProblem(secret: string): string | undefined {
  return PLAIN.test(secret)
    ? undefined
    : 'must be at least 16 printable ASCII characters, none of the outer ones a space';
}

/** @throws SignatureError when what was sent is none of the secrets */
export function verifyPlainSecret(sent: string | undefined, secrets: readonly string[]): void {
  if (!sent) throw new SignatureError('no secret');
  if (!secrets.some((secret) => isEqualConstantTime(secret, sent))) throw new SignatureError('wrong secret');
}
