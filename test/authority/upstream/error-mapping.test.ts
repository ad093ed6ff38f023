/** The three forms of the upstream's error replies (KMS, its gateway, its IAM), and replies in none of these forms. */
import { describe, expect, test } from '@jest/globals';
import { mapErrorResponse } from '../../../lib/authority/upstream/error-mapping.ts';

const mapped = (status: number, body: unknown) => {
  const error = mapErrorResponse({ status, text: typeof body === 'string' ? body : JSON.stringify(body) });
  return error && { status: error.status, code: error.publicCode, text: error.message };
};

test.each<[string, number, object, object]>([
  [
    'a nested error of the KMS',
    400,
    { error: { error_code: 'KMS.2501', error_msg: 'Invalid grant ID.' } },
    { status: 400, code: 'KMS.2501', text: 'Invalid grant ID.' },
  ],
  [
    'a nested error of the KMS with an unknown code',
    403,
    { error: { error_code: 'KMS.0342', error_msg: 'Frozen by your organization.' } },
    { status: 403, code: 'KMS.0342', text: 'Frozen by your organization.' },
  ],
  [
    'a flat error of the gateway',
    404,
    { error_msg: 'The API does not exist', error_code: 'APIGW.0101', request_id: '0f' },
    {
      status: 404,
      code: 'APIGW.0101',
      text: 'The API does not exist or has not been published in the environment.',
    },
  ],
  [
    'an error in both forms',
    404,
    {
      error: { error_code: 'KMS.0207', error_msg: 'The key does not exist.' },
      error_code: 'KMS.0207',
      error_msg: 'The key does not exist.',
    },
    { status: 404, code: 'KMS.0207', text: 'The key does not exist.' },
  ],
  [
    'an error of Keystone',
    401,
    { error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' } },
    { status: 401, code: 'APIGW.0301', text: 'Incorrect IAM authentication information.' },
  ],
  [
    'a flat error of the newer IAM',
    403,
    { error_code: 'IAM.0002', error_msg: 'You are not authorized' },
    { status: 403, code: 'IAM.0002', text: 'Refused by the upstream KMS.' },
  ],
  [
    'a 500 with a code',
    500,
    { error: { error_code: 'KMS.0101', error_msg: 'KMS error.' } },
    { status: 500, code: 'KMS.0101', text: 'KMS error.' },
  ],
])('%s is mapped to an error with its code and status', (_, status, body, expected) => {
  expect(mapped(status, body)).toEqual(expected);
});

test('the text of a gateway error is not passed on, because it may contain the signed headers', () => {
  const error_msg =
    'Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:POST|/v1.0/|x-security-token:hush';
  expect(JSON.stringify(mapped(401, { error_code: 'APIGW.0301', error_msg }))).not.toContain('hush');
});

test('the text of a KMS error is passed on without control characters and cut to 1024 characters', () => {
  const error_msg = `a\u0000\r\nb\u2028c\u009b${'d'.repeat(5000)}`;
  const { text = '' } = mapped(400, { error: { error_code: 'KMS.0308', error_msg } }) ?? {};
  expect(text).toMatch(/^a b c d+$/);
  expect(text).toHaveLength(1024);
});

describe('a reply that is not a documented error is not mapped', () => {
  test.each<[string, number, unknown]>([
    ['HTML', 503, '<html>Service Unavailable</html>'],
    ['an empty body', 502, ''],
    ['truncated JSON', 400, '{"error":{"error_code":"KMS.2501"'],
    ['a code of another form', 400, { error: { error_code: 'no such grant', error_msg: '' } }],
    ['a code that would break a log line', 400, { error_code: 'KMS.2501\n{}', error_msg: '' }],
    ['a list', 400, []],
    ['Keystone with another status', 403, { error: { code: 401, message: '', title: '' } }],
    ['a success', 200, { error_code: 'KMS.2501', error_msg: '' }],
    ['a redirect', 302, { error_code: 'KMS.2501', error_msg: '' }],
  ])('%s', (_, status, body) => {
    expect(mapped(status, body)).toBeUndefined();
  });
});

test('the detail is appended to the text of the upstream', () => {
  const text = JSON.stringify({ error: { error_code: 'KMS.0101', error_msg: 'KMS error.' } });
  expect(mapErrorResponse({ status: 500, text }, { detail: 'Look first.' })?.message).toBe('KMS error. Look first.');
});
