import { expect, test } from '@jest/globals';
import { type ErrorCode, KmsError } from '../../lib/errors.ts';
import { bodyParser } from '../../lib/validation/body-parser.ts';
import * as commonFields from '../../lib/validation/fields.ts';
import * as keyFields from '../../lib/validation/key-fields.ts';
import * as pageFields from '../../lib/validation/page-fields.ts';

const fields = { ...commonFields, ...keyFields, ...pageFields };

const KEY_ID = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
const GRANT_ID = '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d';

test.each([
  ['key_id', fields.keyId],
  ['grant_id', fields.grantId],
  ['grantee_principal', fields.principal('grantee_principal')],
  ['operations', fields.operations],
  ['key_alias', fields.keyAlias],
  ['pending_days', fields.pendingDays],
])('a missing or null %s fails with KMS.0204 and the name of the field', (name, field) => {
  const parse = bodyParser({ [name]: field });
  const message = `Parameters missing in the request message. ${name} is required.`;
  for (const body of [{}, { [name]: null }, { [name]: undefined }]) {
    expect(() => parse(body)).toThrow(new KmsError('KMS.0204', { detail: `${name} is required.` }));
    expect(() => parse(body)).toThrow(message);
  }
});

test('null in an optional field counts as missing', () => {
  const { grantName: name, limit, grantMarker: marker, sequence } = fields;
  const body = { name: null, limit: null, marker: null, sequence: null };
  const values = bodyParser({ name, limit, marker, sequence })(body);
  expect([values.name, values.limit, values.marker, values.sequence]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

const parseGrant = bodyParser({ key_id: fields.keyId, grant_id: fields.grantId, sequence: fields.sequence });

test('unknown fields are ignored and not returned', () => {
  const body = { key_id: KEY_ID, grant_id: GRANT_ID, constructor: 1, toString: 'x', extra: { key_id: 1 } };
  expect(parseGrant(body)).toEqual({ key_id: KEY_ID, grant_id: GRANT_ID, sequence: undefined });
});

test.each<[string, Record<string, unknown>, ErrorCode]>([
  ['a missing field before a malformed one', { key_id: 'x', sequence: 'x' }, 'KMS.0204'],
  ['malformed fields in the order of the API', { sequence: 'x', grant_id: 'x', key_id: 'x' }, 'KMS.0205'],
  ['the second field when the first is valid', { sequence: 'x', grant_id: 'x', key_id: KEY_ID }, 'KMS.2501'],
])('only the first failure is reported: %s', (_, body, code) => {
  expect(() => parseGrant(body)).toThrow(expect.objectContaining({ code }));
});

test('where null is refused, because it may be a filter, a field that decides nothing may be null', () => {
  const parse = bodyParser({ key_id: fields.optionalKeyId, reason: fields.reason }, { rejectsUnknownFields: true });
  expect(parse({ reason: null })).toEqual({ key_id: undefined, reason: undefined });
  expect(() => parse({ key_id: null })).toThrow(new KmsError('KMS.0308', { detail: 'key_id must not be null.' }));
});

test('an error text does not repeat what the client sent', () => {
  const body = { key_id: '<script>1</script>', grant_id: '<script>2</script>' };
  expect(() => parseGrant(body)).toThrow('Invalid key ID. key_id must be 36 characters, 8-4-4-4-12 of 0-9 and a-z.');
  const detail =
    'operations must be an array of 1 to 10 of: create-datakey, create-datakey-without-plaintext, ' +
    'encrypt-datakey, decrypt-datakey, describe-key, create-grant, retire-grant, encrypt-data, decrypt-data.';
  expect(() => bodyParser({ operations: fields.operations })({ operations: ['<script>'] })).toThrow(
    new KmsError('KMS.0308', { detail }),
  );
});

test('each key spec allows exactly the documented usages, the default first', () => {
  const cipher = ['ENCRYPT_DECRYPT'];
  const signer = ['SIGN_VERIFY'];
  const both = ['SIGN_VERIFY', 'ENCRYPT_DECRYPT'];
  const mac = ['GENERATE_VERIFY_MAC'];
  expect(fields.KEY_USAGES).toEqual({
    AES_256: cipher,
    SM4: cipher,
    RSA_2048: both,
    RSA_3072: both,
    RSA_4096: both,
    EC_P256: signer,
    EC_P384: signer,
    SECP256K1: signer,
    SM2: both,
    ED25519: signer,
    HMAC_256: mac,
    HMAC_384: mac,
    HMAC_512: mac,
    HMAC_SM3: mac,
  });
});
