/** The three forms in which the cloud refuses (KMS, its gateway, its IAM), and what is none of them. */
import { describe, expect, test } from '@jest/globals';
import { mapErrorResponse } from '../../../lib/authority/upstream/error-mapping.ts';

const told = (status: number, body: unknown) => {
  const error = mapErrorResponse({ status, text: typeof body === 'string' ? body : JSON.stringify(body) });
  return error && { status: error.status, code: error.publicCode, text: error.message };
};

test.each<[string, number, object, object]>([
  [
    'the KMS, nested',
    400,
    { error: { error_code: 'KMS.2501', error_msg: 'Invalid grant ID.' } },
    { status: 400, code: 'KMS.2501', text: 'Invalid grant ID.' },
  ],
  [
    'the KMS, with a code that is new to us',
    403,
    { error: { error_code: 'KMS.0342', error_msg: 'Frozen by your organization.' } },
    { status: 403, code: 'KMS.0342', text: 'Frozen by your organization.' },
  ],
  [
    'the gateway, flat',
    404,
    { error_msg: 'The API does not exist', error_code: 'APIGW.0101', request_id: '0f' },
    {
      status: 404,
      code: 'APIGW.0101',
      text: 'The API does not exist or has not been published in the environment.',
    },
  ],
  [
    'both at once',
    404,
    {
      error: { error_code: 'KMS.0207', error_msg: 'The key does not exist.' },
      error_code: 'KMS.0207',
      error_msg: 'The key does not exist.',
    },
    { status: 404, code: 'KMS.0207', text: 'The key does not exist.' },
  ],
  [
    'Keystone',
    401,
    { error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' } },
    { status: 401, code: 'APIGW.0301', text: 'Incorrect IAM authentication information.' },
  ],
  [
    'the newer IAM',
    403,
    { error_code: 'IAM.0002', error_msg: 'You are not authorized' },
    { status: 403, code: 'IAM.0002', text: 'Refused by the upstream KMS.' },
  ],
  [
    'a server fault with a code',
    500,
    { error: { error_code: 'KMS.0101', error_msg: 'KMS error.' } },
    { status: 500, code: 'KMS.0101', text: 'KMS error.' },
  ],
])('%s: code and status pass', (_, status, body, expected) => {
  expect(told(status, body)).toEqual(expected);
});

test('what a gateway says of a signature does not pass: it holds what was signed', () => {
  const error_msg =
    'Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:POST|/v1.0/|x-security-token:hush';
  expect(JSON.stringify(told(401, { error_code: 'APIGW.0301', error_msg }))).not.toContain('hush');
});

test('a text comes without control characters, and not without end', () => {
  const error_msg = `a\u0000\r\nb\u2028c\u009b${'d'.repeat(5000)}`;
  const { text = '' } = told(400, { error: { error_code: 'KMS.0308', error_msg } }) ?? {};
  expect(text).toMatch(/^a b c d+$/);
  expect(text).toHaveLength(1024);
});

describe('no documented refusal', () => {
  test.each<[string, number, unknown]>([
    ['HTML', 503, '<html>Service Unavailable</html>'],
    ['nothing', 502, ''],
    ['cut off', 400, '{"error":{"error_code":"KMS.2501"'],
    ['a code of another form', 400, { error: { error_code: 'no such grant', error_msg: '' } }],
    ['a code that would break a log line', 400, { error_code: 'KMS.2501\n{}', error_msg: '' }],
    ['a list', 400, []],
    ['Keystone with another status', 403, { error: { code: 401, message: '', title: '' } }],
    ['a success', 200, { error_code: 'KMS.2501', error_msg: '' }],
    ['a redirect', 302, { error_code: 'KMS.2501', error_msg: '' }],
  ])('%s', (_, status, body) => {
    expect(told(status, body)).toBeUndefined();
  });
});

test('a hint of ours follows the text', () => {
  const text = JSON.stringify({ error: { error_code: 'KMS.0101', error_msg: 'KMS error.' } });
  expect(mapErrorResponse({ status: 500, text }, { detail: 'Look first.' })?.message).toBe('KMS error. Look first.');
});
