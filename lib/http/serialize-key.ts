import type { KeyDetails, ListedKey } from '../domain/model.ts';

/**
 * The details of a key. All values are strings. An upstream's key is passed on as it is.
 * Source: KMS API reference, describe-key, KeyDetails.
 */
export function serializeKey(key: ListedKey, region: string): KeyDetails {
  if ('details' in key) return key.details;
  return {
    key_id: key.keyId,
    domain_id: key.domainId,
    key_alias: key.alias,
    realm: region,
    key_spec: key.keySpec,
    key_usage: key.keyUsage,
    key_description: key.description,
    creation_date: String(key.createdAtMs),
    scheduled_deletion_date: key.deletionAtMs === 0 ? '' : String(key.deletionAtMs),
    key_state: key.state,
    default_key_flag: '0',
    key_type: '1',
    expiration_time: '',
    origin: 'kms',
    key_rotation_enabled: 'false',
    sys_enterprise_project_id: '0',
  };
}
