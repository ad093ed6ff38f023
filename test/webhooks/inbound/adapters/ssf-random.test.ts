/** Random signed tokens: each is read, kept as unreadable or refused, and none makes the service fail. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KmsError } from '../../../../lib/errors.ts';
import { SignatureError } from '../../../../lib/signing/signed-request.ts';
import { ssf } from '../../../../lib/webhooks/inbound/adapters/ssf.ts';
import { AUDIENCE, CAEP, ISSUER, jwkOf, NOW_MS, newSigningKey, RISC, signSet, tokenOf } from '../ssf/transmitter.ts';
import { requestOf, sourceFor } from './request.ts';

const key = newSigningKey('k1', 'ES256');
const SETTINGS = { issuer: ISSUER, audience: AUDIENCE, secrets: [JSON.stringify(jwkOf(key))] };
const source = sourceFor(ssf, {
  ...SETTINGS,
  events: { 'credential-change': 'principal.disabled' },
  jwks_uri: 'https://idp.example.com/jwks',
}) as Parameters<typeof ssf.read>[1];
delete source.settings.jwks_uri;

/** Returns the actions of the tasks, or why the token is refused. */
async function outcomeOf(token: string): Promise<string> {
  const request = requestOf(token);
  try {
    await ssf.verify(request, source, NOW_MS);
  } catch (error) {
    if (error instanceof SignatureError || error instanceof KmsError) return 'refused';
    throw error;
  }
  return ssf
    .read(request, source)
    .tasks.map(({ action }) => action)
    .join();
}

const FORMATS = ['iss_sub', 'email', 'opaque', 'aliases', 'complex', 'account', 'scim', 'id_token_claims', 'x'];
const simple = fc.record(
  {
    format: fc.constantFrom(...FORMATS),
    iss: fc.oneof(fc.constant(ISSUER), fc.jsonValue()),
    sub: fc.jsonValue(),
    email: fc.jsonValue(),
    id: fc.jsonValue(),
    uri: fc.jsonValue(),
    externalId: fc.jsonValue(),
    identifiers: fc.jsonValue(),
    user: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const subject = fc.oneof(
  fc.constantFrom({ format: 'email', email: 'ann@example.com' }, { format: 'iss_sub', iss: ISSUER, sub: '00u1' }),
  fc.jsonValue(),
  simple,
  fc.record({ format: fc.constant('complex'), user: simple }),
  fc.record({ format: fc.constant('aliases'), identifiers: fc.array(simple) }),
);
const type = fc.constantFrom(`${RISC}account-disabled`, `${CAEP}credential-change`, `${CAEP}session-revoked`, 'x:y');
const claims = fc.record(
  {
    iss: fc.constant(ISSUER),
    aud: fc.constant(AUDIENCE),
    iat: fc.constant(NOW_MS / 1000),
    jti: fc.uuid(),
    sub_id: subject,
    events: fc.oneof(
      { weight: 4, arbitrary: fc.dictionary(type, fc.oneof(fc.jsonValue(), fc.record({ subject })), { minKeys: 1 }) },
      fc.jsonValue(),
    ),
  },
  { requiredKeys: ['iss', 'aud', 'iat', 'jti', 'events'] },
);

test('a signed token with any subject and any events is read, kept or refused', async () => {
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(claims, async (content) => {
      const outcome = await outcomeOf(signSet(content, key));
      for (const part of outcome.split(',')) outcomes.add(part);
    }),
    { numRuns: 300 },
  );
  // Each outcome must occur, or the random tokens would not reach every branch.
  expect([...outcomes].sort()).toEqual(
    expect.arrayContaining(['ignore', 'needs-person', 'refused', 'revoke-principal', 'unreadable']),
  );
});

test('a body of any kind without a valid signature is refused', async () => {
  const header = fc.oneof(
    fc.jsonValue(),
    fc.record({ alg: fc.constantFrom('ES256', 'RS256', 'none'), kid: fc.jsonValue() }),
  );
  const body = fc.oneof(
    fc.string(),
    fc.tuple(header, fc.jsonValue()).map(([head, content]) => {
      const text = (value: unknown) => JSON.stringify(value) ?? '';
      return tokenOf(JSON.parse(text(head) || '{}') ?? {}, text(content), () => 'AAAA');
    }),
  );
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      expect(await outcomeOf(text)).toBe('refused');
    }),
    { numRuns: 300 },
  );
});
