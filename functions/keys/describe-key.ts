import { endpoint } from '../../lib/endpoint.ts';
import { keyId, sequence } from '../../lib/fields.ts';
import { keyDetails } from '../../lib/key-details.ts';

/** All about a key. */
export const handler = endpoint({
  access: 'kms:cmk:get',
  fields: { key_id: keyId, sequence },
  handle: async ({ body, act, authority, config }) => ({
    key_info: keyDetails(await authority.describeKey(act, body.key_id), config.region),
  }),
});
