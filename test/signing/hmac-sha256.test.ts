/** The signatures are made by GitHub's own library, `@octokit/webhooks-methods`, and one is published by GitHub. */
import { expect, test } from '@jest/globals';
import { sign, verify } from '@octokit/webhooks-methods';
import { verifyHmacSha256 } from '../../lib/signing/hmac-sha256.ts';
import { SignatureError } from '../../lib/signing/signed-request.ts';
import { randomFrom } from './random.ts';

const SECRET = "It's a Secret to Everybody";
const BODY = 'Hello, World!';
/** Source: GitHub Docs, "Validating webhook deliveries", "Testing the webhook payload validation". */
const SIGNATURE = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

function refusalOf(header: string | undefined, { body = BODY, secrets = [SECRET] } = {}) {
  try {
    return verifyHmacSha256(header, Buffer.from(body), secrets);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    for (const secret of secrets) expect(error.message).not.toContain(secret);
    return error.message;
  }
}

test('the signature that GitHub publishes verifies with any of the configured secrets', () => {
  expect(refusalOf(SIGNATURE)).toBeUndefined();
  expect(refusalOf(SIGNATURE, { secrets: ['another-secret-0', SECRET] })).toBeUndefined();
});

test('signatures of 500 random bodies by the library of GitHub verify, but not for altered bodies', async () => {
  const { below, text } = randomFrom(256);
  const chars = [...'{}":,.aZ0 \n\u0000é密🔑'];
  for (let round = 0; round < 500; round += 1) {
    const body = `a${text(chars, below(100))}`;
    const secret = text([...'abc123-_'], 16 + below(20));
    const header = await sign(secret, body);
    expect(await verify(secret, body, header)).toBe(true);
    expect(refusalOf(header, { body, secrets: [secret] })).toBeUndefined();
    expect(refusalOf(header, { body: `${body} `, secrets: [secret] })).toBe('wrong signature');
    expect(refusalOf(header, { body, secrets: [`${secret}x`] })).toBe('wrong signature');
  }
});

test('without a secret every signature is refused', () => {
  expect(refusalOf(SIGNATURE, { secrets: [] })).toBe('wrong signature');
});

const MALFORMED = 'malformed signature: it must be sha256= and 64 hex digits';

test.each([
  ['no value', undefined, 'no signature'],
  ['an empty value', '', 'no signature'],
  ['no name of the algorithm', SIGNATURE.slice('sha256='.length), MALFORMED],
  ['SHA-1', 'sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59', MALFORMED],
  ['upper case', SIGNATURE.toUpperCase(), MALFORMED],
  ['upper case digits', `sha256=${SIGNATURE.slice(7).toUpperCase()}`, MALFORMED],
  ['one digit less', SIGNATURE.slice(0, -1), MALFORMED],
  ['one digit more', `${SIGNATURE}0`, MALFORMED],
  ['a line end', `${SIGNATURE}\n`, MALFORMED],
  ['two joined values', `${SIGNATURE}, ${SIGNATURE}`, MALFORMED],
  ['another last digit', SIGNATURE.replace(/7$/, '8'), 'wrong signature'],
])('a header with %s is refused', (_, header, refusal) => {
  expect(refusalOf(header)).toBe(refusal);
});
