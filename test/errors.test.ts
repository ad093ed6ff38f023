import { expect, test } from '@jest/globals';
import { ERRORS, type ErrorCode, errorBody, ForwardedError, KmsError, knownError } from '../lib/errors.ts';

// Source: KMS API reference, "Error Codes"; API Gateway, "API Request Signing Guide – Error Codes"; IAM API reference.
const PUBLISHED: Record<string, [status: number, text: string]> = {
  'APIGW.0101': [404, 'The API does not exist or has not been published in the environment.'],
  'APIGW.0201:400': [400, 'Bad request: not valid HTTP.'],
  'APIGW.0201:408': [408, 'The request took too long to arrive.'],
  'APIGW.0201:413': [413, 'Request body too large.'],
  'APIGW.0201:417': [417, 'The Expect header is not supported.'],
  'APIGW.0201:431': [431, 'Request headers too large.'],
  'APIGW.0201:502': [502, 'Backend unavailable.'],
  'APIGW.0201:504': [504, 'No response in time.'],
  'APIGW.0301': [401, 'Incorrect IAM authentication information.'],
  'APIGW.0302': [403, 'The IAM user is not authorized to access the API.'],
  'APIGW.0308': [429, 'The throttling threshold has been reached.'],
  'KMS.0101': [500, 'KMS error.'],
  'KMS.0104': [503, 'System exception.'],
  'KMS.0202': [400, 'Invalid JSON format of the request message.'],
  'KMS.0203': [400, 'Request message too long.'],
  'KMS.0204': [400, 'Parameters missing in the request message.'],
  'KMS.0205': [400, 'Invalid key ID.'],
  'KMS.0206': [400, 'Invalid sequence number.'],
  'KMS.0207': [404, 'The key does not exist.'],
  'KMS.0209': [400, 'The key has been disabled.'],
  'KMS.0210': [400, 'The key is in Scheduled deletion state and cannot be used.'],
  'KMS.0215': [405, 'Request method not supported.'],
  'KMS.0306': [403, 'No access permissions.'],
  'KMS.0307': [403, 'No access permissions.'],
  'KMS.0308': [400, 'Invalid parameter.'],
  'KMS.0321': [403, 'URIs in URL and X-Auth-Token do not match.'],
  'KMS.1101': [400, 'Invalid key_alias.'],
  'KMS.1103': [400, 'Invalid key_description.'],
  'KMS.1104': [400, 'Duplicate key aliases.'],
  'KMS.1105': [400, 'Too many keys.'],
  'KMS.1201': [400, 'The key is not disabled.'],
  'KMS.1301': [400, 'The key is not enabled.'],
  'KMS.1401': [400, 'The pending period must be 7 to 1096 days.'],
  'KMS.1402': [400, 'The key is already in Scheduled deletion state.'],
  'KMS.1501': [400, 'The key is not in Scheduled deletion state.'],
  'KMS.1601': [400, 'Invalid limit.'],
  'KMS.1602': [400, 'marker must be greater than or equals 0.'],
  'KMS.2401': [400, 'Specify an operation in addition to create-grant.'],
  'KMS.2402': [400, 'Invalid user ID.'],
  'KMS.2404': [400, 'Too many CMK grants.'],
  'KMS.2501': [400, 'Invalid grant ID.'],
  'KMS.2502': [400, 'grant_id and key_id do not match.'],
  'Keystone.400': [400, 'The request body is not valid.'],
  'Keystone.401': [401, 'The request you have made requires authentication.'],
  'Keystone.404': [404, 'X-Subject-Token is invalid in the request'],
  'Keystone.404:resource': [404, 'The resource could not be found.'],
  'Keystone.429': [429, 'Too many requests. Try again later.'],
};

test('the table has exactly the published codes, each with its published status and text', () => {
  const table = Object.fromEntries(Object.entries(ERRORS).map(([code, { status, text }]) => [code, [status, text]]));
  expect(table).toEqual(PUBLISHED);
});

test('the body of a KMS error has the documented form and the flat form', () => {
  expect(errorBody(new KmsError('KMS.2501'), 'a1b2')).toEqual({
    error: { error_code: 'KMS.2501', error_msg: 'Invalid grant ID.' },
    error_code: 'KMS.2501',
    error_msg: 'Invalid grant ID.',
    request_id: 'a1b2',
  });
});

test('the detail of an error follows the documented text', () => {
  expect(errorBody(new KmsError('KMS.0215', { detail: 'Use POST.' }), 'a1b2')).toEqual({
    error: { error_code: 'KMS.0215', error_msg: 'Request method not supported. Use POST.' },
    error_code: 'KMS.0215',
    error_msg: 'Request method not supported. Use POST.',
    request_id: 'a1b2',
  });
});

test.each<[ErrorCode, string, string]>([
  ['APIGW.0301', 'APIGW.0301', 'Incorrect IAM authentication information.'],
  ['APIGW.0201:400', 'APIGW.0201', 'Bad request: not valid HTTP.'],
  ['APIGW.0201:408', 'APIGW.0201', 'The request took too long to arrive.'],
  ['APIGW.0201:413', 'APIGW.0201', 'Request body too large.'],
  ['APIGW.0201:431', 'APIGW.0201', 'Request headers too large.'],
])('the gateway error %s is sent as %s, without its suffix', (code, error_code, error_msg) => {
  expect(errorBody(new KmsError(code), 'a1b2')).toEqual({
    error: { error_code, error_msg },
    error_code,
    error_msg,
    request_id: 'a1b2',
  });
});

test.each<[ErrorCode, object]>([
  ['Keystone.400', { code: 400, message: 'The request body is not valid.', title: 'Bad Request' }],
  ['Keystone.401', { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' }],
  ['Keystone.404', { code: 404, message: 'X-Subject-Token is invalid in the request', title: 'Not Found' }],
  ['Keystone.429', { code: 429, message: 'Too many requests. Try again later.', title: 'Too Many Requests' }],
])('%s is sent in the form of Keystone', (code, error) => {
  expect(errorBody(new KmsError(code), 'a1b2')).toEqual({ error });
});

test.each<[string, unknown]>([
  ['an error', new Error('secret: the disk is full')],
  ['an error with the properties of a KmsError', Object.assign(new Error('secret'), { code: 'KMS.2501', status: 400 })],
  ['a text', 'secret'],
  ['undefined', undefined],
  ['null', null],
])('%s other than a KmsError is sent as KMS.0101 without any of its text', (_, thrown) => {
  const error = knownError(thrown);
  expect(error.code).toBe('KMS.0101');
  expect(error.cause).toBe(thrown);
  expect(errorBody(error, 'a1b2')).toEqual({
    error: { error_code: 'KMS.0101', error_msg: 'KMS error.' },
    error_code: 'KMS.0101',
    error_msg: 'KMS error.',
    request_id: 'a1b2',
  });
});

test('a KmsError is sent without its cause', () => {
  const error = new KmsError('KMS.0306', { cause: new Error('secret') });
  expect(knownError(error)).toBe(error);
  expect(error.cause).toEqual(new Error('secret'));
  expect(JSON.stringify(errorBody(error, 'a1b2'))).not.toContain('secret');
});

test('a forwarded error of the upstream keeps its code, status and text', () => {
  const error = new ForwardedError(
    { status: 403, code: 'KMS.0326', text: 'No access permissions.' },
    { cause: 'secret' },
  );
  expect(knownError(error)).toBe(error);
  expect(error.status).toBe(403);
  expect(errorBody(error, 'a1b2')).toEqual({
    error: { error_code: 'KMS.0326', error_msg: 'No access permissions.' },
    error_code: 'KMS.0326',
    error_msg: 'No access permissions.',
    request_id: 'a1b2',
  });
});
