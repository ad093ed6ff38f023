/**
 * What each field accepts, and the code with which it refuses the rest.
 * Also tests: lib/validation/key-fields.ts, lib/validation/page-fields.ts, lib/validation/integer.ts.
 */
import { expect, test } from '@jest/globals';
import { type ErrorCode, KmsError } from '../../lib/errors.ts';
import { bodyParser, type Fields } from '../../lib/validation/body-parser.ts';
import * as commonFields from '../../lib/validation/fields.ts';
import * as keyFields from '../../lib/validation/key-fields.ts';
import * as pageFields from '../../lib/validation/page-fields.ts';

const fields = { ...commonFields, ...keyFields, ...pageFields };

/** Returns the value that the field reads from `input`, or the code and text that it fails with. */
function read(field: Fields[string], input: unknown): { value: unknown } | { code: ErrorCode; message: string } {
  try {
    return { value: bodyParser({ field })({ field: input }).field };
  } catch (error) {
    if (error instanceof KmsError) return { code: error.code, message: error.message };
    throw error;
  }
}

const KEY_ID = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
const GRANT_ID = '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d';
const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const EVENT_ID = '0198f3a1b2c300017c9a3286af4fcca5';
/** SHA-256 of the empty input. Source: NIST, Cryptographic Standards and Guidelines, example values. */
const DIGEST = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const ALL_OPERATIONS = [
  'create-datakey',
  'create-datakey-without-plaintext',
  'encrypt-datakey',
  'decrypt-datakey',
  'describe-key',
  'create-grant',
  'retire-grant',
  'encrypt-data',
  'decrypt-data',
];

type Case = [name: string, field: Fields[string], accepted: [input: unknown, value: unknown][]];

test.each<Case>([
  [
    'key_id',
    fields.keyId,
    [
      [KEY_ID, KEY_ID],
      ['zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz', 'zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz'],
    ],
  ],
  [
    'grant_id, folded to lower case,',
    fields.grantId,
    [
      [GRANT_ID, GRANT_ID],
      [GRANT_ID.toUpperCase(), GRANT_ID],
    ],
  ],
  [
    'grantee_principal',
    fields.principal('grantee_principal'),
    [
      ['a', 'a'],
      ['13gg44z4g2sglzk0egw0u726zoyzvrs8', '13gg44z4g2sglzk0egw0u726zoyzvrs8'],
      ['X'.repeat(64), 'X'.repeat(64)],
    ],
  ],
  [
    'retiring_principal',
    fields.optionalPrincipal('retiring_principal'),
    [
      [undefined, undefined],
      ['a1', 'a1'],
    ],
  ],
  [
    'grantee_principal_type',
    fields.principalType,
    [
      [undefined, undefined],
      ['user', 'user'],
      ['domain', 'domain'],
    ],
  ],
  [
    'operations, without duplicates,',
    fields.operations,
    [
      [['describe-key'], ['describe-key']],
      [ALL_OPERATIONS, ALL_OPERATIONS],
      [
        ['create-grant', 'decrypt-data'],
        ['create-grant', 'decrypt-data'],
      ],
      [
        ['encrypt-data', 'decrypt-data', 'encrypt-data'],
        ['encrypt-data', 'decrypt-data'],
      ],
      [Array(10).fill('describe-key'), ['describe-key']],
    ],
  ],
  [
    'name',
    fields.grantName,
    [
      [undefined, undefined],
      ['a:b/c_d-E9', 'a:b/c_d-E9'],
      ['x'.repeat(255), 'x'.repeat(255)],
    ],
  ],
  [
    'key_alias',
    fields.keyAlias,
    [
      ['a:b/c_d-E9', 'a:b/c_d-E9'],
      ['default', 'default'],
      ['kms/default/x', 'kms/default/x'],
      ['x'.repeat(255), 'x'.repeat(255)],
    ],
  ],
  [
    'key_description',
    fields.keyDescription,
    [
      [undefined, undefined],
      ['', ''],
      ['für 密钥\n', 'für 密钥\n'],
      ['x'.repeat(255), 'x'.repeat(255)],
    ],
  ],
  [
    'key_spec',
    fields.keySpec,
    [undefined, 'AES_256', 'SM4', 'RSA_2048', 'RSA_3072', 'RSA_4096', 'EC_P256', 'EC_P384', 'SECP256K1', 'SM2']
      .concat(['ED25519', 'HMAC_256', 'HMAC_384', 'HMAC_512', 'HMAC_SM3'])
      .map((spec) => [spec, spec]),
  ],
  [
    'key_spec as a filter',
    fields.keySpecFilter,
    [
      [undefined, undefined],
      ['ALL', 'ALL'],
      ['SM2', 'SM2'],
    ],
  ],
  [
    'key_usage',
    fields.keyUsage,
    [undefined, 'ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC'].map((usage) => [usage, usage]),
  ],
  [
    'origin',
    fields.keyOrigin,
    [
      [undefined, undefined],
      ['kms', 'kms'],
    ],
  ],
  ['key_state', fields.keyStateFilter, [undefined, '1', '2', '3', '4', '5'].map((state) => [state, state])],
  [
    'pending_days',
    fields.pendingDays,
    [
      ['7', 7],
      ['1096', 1096],
      ['0030', 30],
      [7, 7],
      [1096, 1096],
    ],
  ],
  [
    'limit',
    fields.limit,
    [
      [undefined, undefined],
      ['', undefined],
      ['1', 1],
      ['0010', 10],
      ['1000', 1000],
      [1, 1],
      [1000, 1000],
      ['1001', 1000],
      ['2000', 1000],
      ['10000', 1000],
      [1001, 1000],
      [2000, 1000],
      [1e21, 1000],
    ],
  ],
  [
    'marker of a list of grants',
    fields.grantMarker,
    [
      [undefined, undefined],
      ['', undefined],
      ['0', { offset: 0 }],
      ['10', { offset: 10 }],
      ['9999', { offset: 9999 }],
      [3, { offset: 3 }],
      [GRANT_ID, { after: GRANT_ID }],
      [GRANT_ID.toUpperCase(), { after: GRANT_ID }],
    ],
  ],
  [
    'marker of a list of keys',
    fields.keyMarker,
    [
      ['', undefined],
      ['10', { offset: 10 }],
      [KEY_ID, { after: KEY_ID }],
    ],
  ],
  [
    'marker of a list of events, without an offset,',
    fields.eventMarker,
    [
      [undefined, undefined],
      ['', undefined],
      [EVENT_ID, EVENT_ID],
    ],
  ],
  [
    'key_id as a filter',
    fields.optionalKeyId,
    [
      [undefined, undefined],
      [KEY_ID, KEY_ID],
    ],
  ],
  [
    'grant_id as a filter, folded to lower case,',
    fields.optionalGrantId,
    [
      [undefined, undefined],
      [GRANT_ID.toUpperCase(), GRANT_ID],
    ],
  ],
  [
    'operations as a filter, also create-grant alone,',
    fields.operationsFilter,
    [
      [undefined, undefined],
      [['create-grant'], ['create-grant']],
      [ALL_OPERATIONS, ALL_OPERATIONS],
      [Array(10).fill('describe-key'), Array(10).fill('describe-key')],
    ],
  ],
  [
    'reason in any script',
    fields.reason,
    [
      [undefined, undefined],
      ['', undefined],
      ['x', 'x'],
      ['left <the> company; für 密钥 \u{1f511}', 'left <the> company; für 密钥 \u{1f511}'],
      ['x'.repeat(255), 'x'.repeat(255)],
      // 255 characters of two UTF-16 units each.
      ['\u{1f511}'.repeat(255), '\u{1f511}'.repeat(255)],
      // It decides nothing, so it is made printable instead of refused.
      ['x'.repeat(256), 'x'.repeat(255)],
      ['a\r\nb\tc\u2028d\n', 'a b c d'],
      ['\u{1f469}\u200d\u{1f4bb}', '\u{1f469}\u{1f4bb}'],
      ['\u0000', '?'],
      ['\n', undefined],
      [7, '7'],
      [false, 'false'],
      [['a'], '["a"]'],
    ],
  ],
  [
    'dry_run',
    fields.flag('dry_run'),
    [
      [undefined, undefined],
      [true, true],
      ['true', true],
      [false, false],
      ['false', false],
    ],
  ],
  [
    'digest',
    fields.digest,
    [
      [undefined, undefined],
      [DIGEST, DIGEST],
    ],
  ],
  [
    'sequence',
    fields.sequence,
    [
      [undefined, undefined],
      ['', undefined],
      [SEQUENCE, SEQUENCE],
      ['x'.repeat(36), 'x'.repeat(36)],
    ],
  ],
])('%s is accepted', (_, field, accepted) => {
  for (const [input, value] of accepted) expect({ input, ...read(field, input) }).toEqual({ input, value });
});

const NOT_STRINGS = [0, 1, true, false, {}, [], ['x']];
const NOT_CHOICES = [...NOT_STRINGS, '', 'x'];

type Refusal = [name: string, code: ErrorCode, field: Fields[string], refused: unknown[]];

test.each<Refusal>([
  [
    'key_id',
    'KMS.0205',
    fields.keyId,
    [
      ...[...NOT_STRINGS, '', [KEY_ID], '＿'.repeat(36), KEY_ID.toUpperCase(), KEY_ID.slice(1), `${KEY_ID}0`],
      ...[` ${KEY_ID}`, `${KEY_ID}\n`, KEY_ID.replaceAll('-', ''), KEY_ID.replace('-', '_')],
    ],
  ],
  [
    'grant_id',
    'KMS.2501',
    fields.grantId,
    [...NOT_STRINGS, '', GRANT_ID.slice(1), `${GRANT_ID}0`, 'g'.repeat(64), `${GRANT_ID}\n`, '٣'.repeat(64)],
  ],
  [
    'grantee_principal',
    'KMS.2402',
    fields.principal('grantee_principal'),
    [...NOT_STRINGS, '', 'a b', 'a-b', 'a_b', 'ä', 'x'.repeat(65), 'a\n'],
  ],
  ['retiring_principal', 'KMS.2402', fields.optionalPrincipal('retiring_principal'), [...NOT_STRINGS, '', 'a-b']],
  ['grantee_principal_type', 'KMS.0308', fields.principalType, [...NOT_CHOICES, 'User', 'group', 'toString']],
  [
    'operations',
    'KMS.0308',
    fields.operations,
    [
      ...[0, true, {}, '', 'describe-key', [], ['x'], [''], [1], [null], [['describe-key']], ['Describe-Key'], ['*']],
      ...[['describe-key', 'x'], Array(11).fill('describe-key')],
    ],
  ],
  [
    'operations of create-grant alone',
    'KMS.2401',
    fields.operations,
    [['create-grant'], Array(3).fill('create-grant')],
  ],
  ['name', 'KMS.0308', fields.grantName, [...NOT_STRINGS, '', 'a b', 'a.b', 'ä', 'x'.repeat(256), 'a\n', '<script>']],
  [
    'key_alias',
    'KMS.1101',
    fields.keyAlias,
    [...NOT_STRINGS, '', 'a b', 'a.b', 'ä', 'x'.repeat(256), 'kms/default', '/default'],
  ],
  ['key_description', 'KMS.1103', fields.keyDescription, [...NOT_STRINGS, 'x'.repeat(256)]],
  ['key_spec', 'KMS.0308', fields.keySpec, [...NOT_CHOICES, 'ALL', 'aes_256', 'AES_128', 'constructor']],
  ['key_spec as a filter', 'KMS.0308', fields.keySpecFilter, [...NOT_CHOICES, 'all']],
  ['key_usage', 'KMS.0308', fields.keyUsage, [...NOT_CHOICES, 'encrypt_decrypt']],
  ['origin', 'KMS.0308', fields.keyOrigin, [...NOT_CHOICES, 'external', 'KMS']],
  ['key_state', 'KMS.0308', fields.keyStateFilter, [...NOT_STRINGS, '', '0', '6', '12', '2 ', 'x']],
  [
    'pending_days',
    'KMS.1401',
    fields.pendingDays,
    ['', '6', '1097', '-7', '+7', '7.5', '1e1', 'x', ' 7', 6, 1097, 7.5, -7, true, {}, [], ['7'], '٧'],
  ],
  [
    'limit',
    'KMS.1601',
    fields.limit,
    [
      '0',
      '00',
      '-1',
      '-1001',
      'abc',
      '1e3',
      ' 1',
      '1 ',
      '+1',
      '1.0',
      '1001.5',
      0,
      -1,
      -1001,
      1.5,
      1001.5,
      true,
      false,
      {},
      [1],
    ],
  ],
  [
    'marker of a list of grants',
    'KMS.1602',
    fields.grantMarker,
    ['-1', '10000', 'abc', '1.5', '1e3', ' 1', KEY_ID, GRANT_ID.slice(1), -1, 1.5, 10_000, true, {}, [], [GRANT_ID]],
  ],
  ['marker of a list of keys', 'KMS.1602', fields.keyMarker, ['-1', 'abc', GRANT_ID, KEY_ID.toUpperCase(), true, {}]],
  [
    'marker of a list of events',
    'KMS.1602',
    fields.eventMarker,
    [
      ...[...NOT_STRINGS, '0', '10', 'x', EVENT_ID.toUpperCase(), EVENT_ID.slice(1), `${EVENT_ID}0`, `${EVENT_ID}\n`],
      ...[` ${EVENT_ID}`, 'g'.repeat(32), GRANT_ID, KEY_ID, [EVENT_ID]],
    ],
  ],
  ['key_id as a filter', 'KMS.0205', fields.optionalKeyId, [...NOT_STRINGS, '', KEY_ID.toUpperCase(), `${KEY_ID}\n`]],
  [
    'grant_id as a filter',
    'KMS.2501',
    fields.optionalGrantId,
    [...NOT_STRINGS, '', GRANT_ID.slice(1), `${GRANT_ID}\n`],
  ],
  [
    'operations as a filter',
    'KMS.0308',
    fields.operationsFilter,
    [
      ...[0, true, {}, '', 'describe-key', [], ['x'], [''], [1], [null], [['describe-key']], ['Describe-Key'], ['*']],
      ...[['describe-key', 'x'], Array(11).fill('describe-key')],
    ],
  ],
  [
    'dry_run',
    'KMS.0308',
    fields.flag('dry_run'),
    [0, 1, '', '0', '1', 'yes', 'TRUE', 'False', ' true', 'true\n', {}, [], [true]],
  ],
  [
    'digest',
    'KMS.0308',
    fields.digest,
    [...NOT_STRINGS, '', DIGEST.toUpperCase(), DIGEST.slice(1), `${DIGEST}0`, `${DIGEST}\n`, 'g'.repeat(64), [DIGEST]],
  ],
  [
    'sequence',
    'KMS.0206',
    fields.sequence,
    [0, true, {}, [], ' ', 'x', SEQUENCE.slice(1), `${SEQUENCE}0`, `${SEQUENCE.slice(1)}\n`, `${SEQUENCE.slice(1)}_`],
  ],
])('a malformed %s fails with %s', (_, code, field, refused) => {
  for (const input of refused)
    expect({ input, ...read(field, input) }).toEqual({ input, code, message: expect.any(String) });
});
