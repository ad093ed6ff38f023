import { expect, test } from '@jest/globals';
import { bearerTokenIn, plainSecretProblem, verifyPlainSecret } from '../../lib/signing/plain-secret.ts';
import { SignatureError } from '../../lib/signing/signed-request.ts';

const SECRETS = ['0123456789abcdef', 'Basic YWRtaW46c3VwZXJzZWNyZXQ='];

test.each(SECRETS)('the secret %s is valid and verifies', (secret) => {
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
])('a request with the secret %j is refused', (sent, refusal) => {
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
])('the configured secret %j is refused with a message that does not repeat it', (secret) => {
  expect(plainSecretProblem(secret)).toBe(
    'must be at least 16 printable ASCII characters, without a space at either end',
  );
});

test.each([
  ['Bearer abc.d-e_f~+/==', 'abc.d-e_f~+/=='],
  ['bearer   abc', 'abc'],
  ['Bearer abc def', undefined],
  ['Bearer ', undefined],
  ['Bearerabc', undefined],
  ['Basic abc', undefined],
  ['abc', undefined],
  [undefined, undefined],
])('the bearer token in the header %j is %j', (header, token) => {
  expect(bearerTokenIn(header)).toBe(token);
});
