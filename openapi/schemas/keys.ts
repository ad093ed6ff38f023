/** Replies of the key APIs. */
import { array, keyId, object, PAGE, ref, string } from './common.ts';

/** The fields that this service gives a key. An upstream's key is passed on with all its plain values. */
const KEY_FIELDS = [
  'domain_id',
  'key_alias',
  'realm',
  'key_spec',
  'key_usage',
  'key_description',
  'creation_date',
  'scheduled_deletion_date',
  'key_state',
  'default_key_flag',
  'key_type',
  'expiration_time',
  'origin',
  'key_rotation_enabled',
  'sys_enterprise_project_id',
];

const keyAndState = object({ key_id: keyId, key_state: string });

export const KEY_SCHEMAS = {
  Key: {
    type: 'object',
    properties: { key_id: keyId, ...Object.fromEntries(KEY_FIELDS.map((name) => [name, string])) },
    required: ['key_id'],
    // An upstream may know more fields, and may send numbers and booleans.
    additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
    description:
      'A key. All values are strings. `key_state` is 1 to be activated, 2 enabled, 3 disabled, 4 pending deletion, 5 pending import, 7 frozen. `creation_date` has 13 digits. `scheduled_deletion_date` is "" unless the key is pending deletion. Keys of an upstream keep further fields of the upstream.',
  },
  KeyPage: object({ keys: array(keyId), key_details: array(ref('Key')), ...PAGE }, ['failed']),
  DescribedKey: object({ key_info: ref('Key') }),
  CreatedKey: object({ key_info: object({ key_id: keyId, domain_id: string }) }),
  KeyState: { ...keyAndState, description: 'The key and its new state.' },
  KeyInfoState: object({ key_info: keyAndState }),
} as const;
