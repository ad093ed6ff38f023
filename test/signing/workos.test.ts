/** The signatures are made by the vendor's own library, `@workos-inc/node`. */
import { expect, jest, test } from '@jest/globals';
import { WorkOS } from '@workos-inc/node';
import { SignatureError } from '../../lib/signing/signed-request.ts';
import { verifyWorkos } from '../../lib/signing/workos.ts';
import { randomFrom } from './random.ts';

const { webhooks } = new WorkOS('sk_test');
const SECRET = 'a-secret-of-the-dashboard';
const AT_MS = 1_795_329_234_567;
const BODY = '{"id":"event_1","event":"user.deleted","data":{"id":"user_1"}}';

const signatureOf = (body: string, secret: string, atMs: number | string) =>
  webhooks.computeSignature(atMs, Buffer.from(body), secret);
const SIGNATURE = await signatureOf(BODY, SECRET, AT_MS);

function refusalOf(header: string | undefined, { body = BODY, secrets = [SECRET], nowMs = AT_MS } = {}) {
  try {
    return verifyWorkos({ headers: { 'workos-signature': header }, body: Buffer.from(body) }, secrets, nowMs);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    for (const secret of secrets) expect(error.message).not.toContain(secret);
    return error.message;
  }
}

test('a signature by the vendor library verifies with any of the configured secrets', () => {
  expect(refusalOf(`t=${AT_MS}, v1=${SIGNATURE}`)).toBeUndefined();
  expect(refusalOf(`t=${AT_MS},v1=${SIGNATURE}`)).toBeUndefined();
  expect(refusalOf(`t=${AT_MS}, v1=${SIGNATURE}`, { secrets: ['another-secret-0', SECRET] })).toBeUndefined();
});

test('signatures of 1,000 random bodies by the vendor library verify, but not for altered bodies', async () => {
  const { below, text } = randomFrom(1_800);
  const chars = [...'{}":,.aZ0 \n\u0000é密🔑'];
  jest.spyOn(Date, 'now').mockReturnValue(AT_MS);
  for (let round = 0; round < 1_000; round += 1) {
    const body = text(chars, below(100));
    const secret = text([...'abc123-_'], 16 + below(20));
    const header = `t=${AT_MS}, v1=${await signatureOf(body, secret, AT_MS)}`;
    await expect(webhooks.verifyHeader({ payload: Buffer.from(body), sigHeader: header, secret })).resolves.toBe(true);
    expect(refusalOf(header, { body, secrets: [secret] })).toBeUndefined();
    expect(refusalOf(header, { body: `${body} `, secrets: [secret] })).toBe('wrong signature');
  }
  jest.restoreAllMocks();
});

test.each([
  [180_000, undefined],
  [-180_000, undefined],
  [180_001, 'the timestamp in WorkOS-Signature is more than 3 minutes off'],
  [-180_001, 'the timestamp in WorkOS-Signature is more than 3 minutes off'],
  [Number.NaN, 'the timestamp in WorkOS-Signature is more than 3 minutes off'],
])('with the clock %d ms ahead of the timestamp the refusal is %s', (ms, refusal) => {
  expect(refusalOf(`t=${AT_MS}, v1=${SIGNATURE}`, { nowMs: AT_MS + ms })).toBe(refusal);
});

test.each(['0', '2147483647', '2147483648', '1795329234', '999999999999999'])(
  'a message with the timestamp %s is refused as too far from the clock',
  async (t) => {
    expect(refusalOf(`t=${t}, v1=${await signatureOf(BODY, SECRET, t)}`)).toBe(
      'the timestamp in WorkOS-Signature is more than 3 minutes off',
    );
  },
);

test.each([
  '-1',
  '+1795329234567',
  '1.795329234567e12',
  '1795329234567.0',
  ' 1795329234567',
  '',
  'now',
  '1'.repeat(16),
])('a message with the timestamp %j is refused as malformed', async (t) => {
  expect(refusalOf(`t=${t}, v1=${await signatureOf(BODY, SECRET, t)}`)).toBe(MALFORMED);
});

const MALFORMED = 'WorkOS-Signature is missing or malformed';

test.each([
  ['no value', undefined],
  ['an empty value', ''],
  ['only a time', `t=${AT_MS}`],
  ['only a signature', `v1=${SIGNATURE}`],
  ['its parts in another order', `v1=${SIGNATURE}, t=${AT_MS}`],
  ['the signature in upper case', `t=${AT_MS}, v1=${SIGNATURE.toUpperCase()}`],
  ['two joined values', `t=${AT_MS}, v1=${SIGNATURE}, t=${AT_MS}, v1=${SIGNATURE}`],
  ['one digit less', `t=${AT_MS}, v1=${SIGNATURE.slice(1)}`],
  ['a line end', `t=${AT_MS}, v1=${SIGNATURE}\n`],
])('WorkOS-Signature with %s is refused as malformed', (_, header) => {
  expect(refusalOf(header)).toBe(MALFORMED);
});

test('a signature of another body, timestamp or secret is refused', async () => {
  const header = `t=${AT_MS}, v1=${SIGNATURE}`;
  expect(refusalOf(header, { body: BODY.replace('user_1', 'user_2') })).toBe('wrong signature');
  expect(refusalOf(header, { body: '' })).toBe('wrong signature');
  expect(refusalOf(header.replace('567,', '568,'))).toBe('wrong signature');
  expect(refusalOf(header, { secrets: ['another-secret-0'] })).toBe('wrong signature');
  expect(refusalOf(header, { secrets: [] })).toBe('wrong signature');
});
