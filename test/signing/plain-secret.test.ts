import { expect, test } from '@jest/globals';
import { plainSecretProblem, verifyPlainSecret } from '../../lib/signing/plain-secret.ts';
import { SignatureError } from '../../lib/signing/signed-request.ts';

const SECRETS = ['0123456789abcdef', 'Basic YWRtaW46c3VwZXJzZWNyZXQ='];

test.each(SECRETS)('%s is taken', (secret) => {
  expect(plainSecretProblem(secret)).toBeUndefined();
  expect(() => verifyPlainSecret(secret, SECRETS)).not.toThrow();
});

test.each([
  [undefined, 'no secret'],
  ['', 'no secret'],
  ['0123456789abcde', 'wrong secret'],
  ['0123456789abcdeF', 'wrong secret'],
  ['0123456789abcdef ', 'wrong secret'],
  ['0123456789abcdef,0123456789abcdef', 'wrong secret'],
  ['é'.repeat(8), 'wrong secret'],
])('%j is refused', (sent, refusal) => {
  expect(() => verifyPlainSecret(sent, SECRETS)).toThrow(new SignatureError(refusal));
  expect(() => verifyPlainSecret('0123456789abcdef', [])).toThrow(new SignatureError('wrong secret'));
});

test.each([
  '',
  'short',
  '0123456789abcde',
  ' 0123456789abcdef',
  '0123456789abcdef ',
  '0123456789abcdef\n',
  'é'.repeat(20),
])('as a secret of the settings is refused, without being repeated: %j', (secret) => {
  expect(plainSecretProblem(secret)).toBe(
    'must be at least 16 printable ASCII characters, without a space at either end',
  );
});
