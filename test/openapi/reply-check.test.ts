/** The check that every end-to-end test makes of every reply. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { replyChecker, type SentReply } from '../support/openapi/reply-check.ts';
import { assertNoViolations } from '../support/openapi/violations.ts';
import { watchReplies } from '../support/openapi/watch.ts';

const check = await replyChecker();
const checkOfUpstream = await replyChecker({ hasUpstream: true });

const REQUEST_ID = '5a2cf80edd144f7c9dbd6db1bd2c7b31';
const headers = { 'content-type': 'application/json', 'x-request-id': REQUEST_ID };

const listGrants = (body: object, changes: Partial<SentReply> = {}): SentReply => ({
  method: 'POST',
  path: '/v1.0/c8bb931d03d43cefee5daed8c0f34874/kms/list-grants',
  status: 200,
  headers,
  body: JSON.stringify(body),
  ...changes,
});

const PAGE = { grants: [], next_marker: '', truncated: 'false', total: 0 };

const error = (error_code: string) => {
  const flat = { error_code, error_msg: 'Invalid limit.' };
  return { error: flat, ...flat, request_id: REQUEST_ID };
};

test('a reply as described has no problem', () => {
  expect(check(listGrants(PAGE))).toBeUndefined();
  expect(check(listGrants(error('KMS.1601'), { status: 400 }))).toBeUndefined();
});

test.each([
  ['a field that the document does not have', { ...PAGE, more: true }, {}, /must NOT have additional properties/],
  ['a boolean in place of a string', { ...PAGE, truncated: false }, {}, /must be string/],
  ['a field that is missing', { grants: [], truncated: 'false' }, {}, /next_marker/],
  ['a status that the API cannot have', PAGE, { status: 201 }, /status/],
  ['no request id', PAGE, { headers: { 'content-type': 'application/json' } }, /X-Request-Id/],
  ['another content type', PAGE, { headers: { ...headers, 'content-type': 'text/plain' } }, /text\/plain/],
  ['a code of another API', error('KMS.1104'), { status: 400 }, /KMS.1104/],
  ['no body', PAGE, { body: '' }, /body/],
])('%s is a problem', (_, body, changes, problem) => {
  expect(check(listGrants(body, changes))).toMatch(problem);
});

test('an unknown path and a wrong method answer the errors that the document has for them', () => {
  expect(check(listGrants(error('APIGW.0101'), { path: '/nowhere', status: 404 }))).toBeUndefined();
  expect(check(listGrants(error('KMS.0215'), { method: 'GET', status: 405 }))).toBeUndefined();
  expect(check(listGrants(error('KMS.0215'), { method: 'GET', status: 409 }))).toMatch(/status/);
});

test('an upstream may answer an error of its own', () => {
  expect(checkOfUpstream(listGrants(error('KMS.9999'), { status: 409 }))).toBeUndefined();
  expect(checkOfUpstream(listGrants({ ...PAGE, more: true }))).toMatch(/additional/);
});

test('a reply of a watched server that differs fails the test in which it was sent, once', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, headers).end(JSON.stringify({ ...PAGE, more: true }));
  });
  await watchReplies(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { path, method } = listGrants(PAGE);
  const response = await fetch(`${url}${path}?a=b`, { method });
  expect(await response.json()).toEqual({ ...PAGE, more: true });
  server.close();
  server.closeAllConnections();
  expect(assertNoViolations).toThrow(/POST \/v1\.0\/.*list-grants -> 200: .*must NOT have additional properties/);
  expect(assertNoViolations).not.toThrow();
});
