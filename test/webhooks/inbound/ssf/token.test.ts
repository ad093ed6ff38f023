/** Also tests: lib/webhooks/inbound/ssf/keys.ts. */
import { expect, test } from '@jest/globals';
import { isKeyFor, parseKeySet, parseKeys } from '../../../../lib/webhooks/inbound/ssf/keys.ts';
import { headerOf, isSignedByAny } from '../../../../lib/webhooks/inbound/ssf/token.ts';
import { jwkOf, jwksOf, NOW_MS, newSigningKey, pemOf } from './transmitter.ts';

/** Source: RFC 7515, appendices A.2 and A.3. */
const EXAMPLES = {
  RS256: {
    key: {
      kty: 'RSA',
      n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
      e: 'AQAB',
    },
    token:
      'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw',
  },
  ES256: {
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
    token:
      'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
  },
};

test.each(Object.entries(EXAMPLES))(
  'the %s example of RFC 7515 is verified, and with one bit changed it is not',
  async (_, { key, token }) => {
    const other = token.replace('.eyJ', '.eyK');
    const isSigned = (text: string) => isSignedByAny([key], Buffer.from(text), headerOf(Buffer.from(text)), 0);
    expect([await isSigned(token), await isSigned(other)]).toEqual([true, false]);
  },
);

test.each([
  ['is empty', ''],
  ['has two parts', 'eyJhbGciOiJSUzI1NiJ9.e30'],
  ['is encrypted, so it has five parts', 'eyJhbGciOiJSUzI1NiJ9.a.b.c.d'],
  ['has an empty signature', 'eyJhbGciOiJSUzI1NiJ9.e30.'],
  ['ends with a line end', `${EXAMPLES.ES256.token}\n`],
  ['has a header that is not JSON', 'e30x.e30.AAAA'],
  ['has a header that is a list', `${Buffer.from('[]').toString('base64url')}.e30.AAAA`],
  ['has no algorithm', 'e30.e30.AAAA'],
])('a security event token that %s is refused before anything else is done', (_, token) => {
  expect(() => headerOf(Buffer.from(token))).toThrow(expect.objectContaining({ name: 'SignatureError' }));
});

const rsa = newSigningKey('k1');
const ec = newSigningKey('k2', 'ES256');
const rsaHeader = { alg: 'RS256', kid: 'k1' };

test.each([
  ['its own key', {}, rsaHeader, true],
  ['a key without an id', { kid: undefined }, rsaHeader, true],
  ['a key, when the header names none', {}, { alg: 'RS256' }, true],
  ['a key with another id', { kid: 'k0' }, rsaHeader, false],
  ['a key for another algorithm', { alg: 'PS256' }, rsaHeader, false],
  ['a key for any algorithm', { alg: undefined }, rsaHeader, true],
  ['a key that expires in a second', { exp: NOW_MS / 1000 + 1 }, rsaHeader, true],
  ['an expired key', { exp: NOW_MS / 1000 }, rsaHeader, false],
  ['a key for encryption', { use: 'enc' }, rsaHeader, false],
  ['a key for other operations', { key_ops: ['encrypt'] }, rsaHeader, false],
  ['an RSA key, for a signature with a curve', { alg: undefined }, { alg: 'ES256', kid: 'k1' }, false],
  ['a key, without an algorithm', { alg: undefined }, { alg: 'none', kid: 'k1' }, false],
  ['a public key as a shared one', { alg: undefined }, { alg: 'HS256', kid: 'k1' }, false],
  ['a key, with the name of a property of objects', { alg: undefined }, { alg: 'constructor', kid: 'k1' }, false],
])('whether a token may have been signed with %s', (_, change, header, expected) => {
  const [key = {}] = parseKeySet(jwksOf(jwkOf(rsa, change)));
  expect(isKeyFor(key as Parameters<typeof isKeyFor>[0], header, NOW_MS)).toBe(expected);
});

test('a key on another curve than that of the algorithm verifies no token', () => {
  const [key = {}] = parseKeySet(jwksOf(jwkOf(ec, { alg: undefined })));
  const kty = key as Parameters<typeof isKeyFor>[0];
  expect([isKeyFor(kty, { alg: 'ES256' }, NOW_MS), isKeyFor(kty, { alg: 'ES384' }, NOW_MS)]).toEqual([true, false]);
});

test('of a JWKS, only public keys of known types are used, and of a private key only its public part', () => {
  const privateKey = rsa.privateKey.export({ format: 'jwk' });
  const oct = { kty: 'oct', k: 'c2VjcmV0' };
  const keys = parseKeySet(
    jwksOf(oct, { kty: 'OKP', crv: 'Ed25519', x: 'a' }, privateKey, jwkOf(ec), {}, { kty: 'RSA' }),
  );
  expect(keys.map(({ kty }) => kty)).toEqual(['RSA', 'EC']);
  expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['e', 'kty', 'n']);
});

test.each([
  ['is not JSON', 'keys'],
  ['is a list', '[]'],
  ['has no keys', '{}'],
  ['has keys that are no list', '{"keys":{}}'],
  ['has more than 100 keys', jwksOf(...Array(101).fill({}))],
])('a JWKS that %s is refused', (_, text) => {
  expect(() => parseKeySet(text)).toThrow('not a JWKS');
});

test('a key in the settings is a JWKS, a JWK or PEM; private keys and shared keys are refused', () => {
  const jwk = jwkOf(rsa);
  expect(parseKeys(JSON.stringify(jwk))).toEqual([jwk]);
  expect(parseKeys(jwksOf(jwk, jwkOf(ec)))).toHaveLength(2);
  expect(parseKeys(pemOf(rsa))).toEqual([{ kty: 'RSA', n: jwk.n, e: 'AQAB' }]);
  const refused = [
    rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    JSON.stringify(rsa.privateKey.export({ format: 'jwk' })),
    jwksOf(jwk, { kty: 'oct', k: 'c2VjcmV0' }),
    jwksOf(),
    'secret',
    '{}',
    '{',
  ];
  for (const text of refused) expect(parseKeys(text)).toBeUndefined();
});
