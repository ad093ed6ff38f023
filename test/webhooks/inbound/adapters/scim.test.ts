/** Source of the header: RFC 6750, section 2.1. What SCIM requests do: test/scim/. */
import { expect, test } from '@jest/globals';
import { scim } from '../../../../lib/webhooks/inbound/adapters/scim.ts';
import { readBy, refusalBy, requestOf, sourceFor } from './request.ts';

const SECRETS = ['bearer-token-0123', 'another-token-0123'];

test('the bearer token must be one of the secrets', async () => {
  const refusal = (authorization: string | undefined) =>
    refusalBy(scim, requestOf('{}', { headers: { authorization } }), SECRETS);
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    for (const secret of SECRETS) expect(await refusal(`${scheme} ${secret}`)).toBeUndefined();
  }
  for (const header of [undefined, '', 'Bearer', 'Bearer ', SECRETS[0], `Basic ${SECRETS[0]}`, `Bearer${SECRETS[0]}`]) {
    expect(await refusal(header)).toBe('no secret');
  }
  expect(await refusal(`Bearer ${SECRETS[0]}, Bearer ${SECRETS[0]}`)).toBe('no secret');
  expect(await refusal(`Bearer ${SECRETS[0]},${SECRETS[0]}`)).toBe('wrong secret');
  expect(await refusal(`Bearer ${SECRETS[0]}x`)).toBe('wrong secret');
});

test.each([
  ['0123456789abcdef', undefined],
  ['0123456789abcde', 'must be at least 16 printable ASCII characters, without a space at either end'],
  ['01234567 89abcdef', 'must not contain spaces'],
])('the configured secret %j has the problem: %s', (secret, problem) => {
  expect(scim.secretProblem(secret)).toBe(problem);
});

test('a source trusts neither the principal attribute nor e-mail addresses unless its settings say so', () => {
  expect(sourceFor(scim).settings).toEqual({});
  const trusting = { principal_attribute: true, trust_email: true };
  expect(sourceFor(scim, trusting).settings).toEqual(trusting);
  expect(() => sourceFor(scim, { trust_email: 'yes' })).toThrow('source.trust_email: must be true or false');
});

test('a deactivated and a deleted user lose access, unless the settings give the events another meaning', () => {
  const events = (entry: object) => Object.fromEntries(sourceFor(scim, { ...entry }).events);
  expect(events({})).toEqual({ 'user.deactivated': 'principal.disabled', 'user.deleted': 'principal.disabled' });
  expect(events({ events: { 'user.deleted': 'ignore' } })).toMatchObject({ 'user.deleted': 'ignore' });
});

test('a request to the address of the source itself is refused', () => {
  expect(readBy(scim, requestOf({}))).toBe('KMS.0215 Send SCIM requests to a path below the path of the source.');
});
