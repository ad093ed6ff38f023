import { httpHandler } from '../../lib/handlers/http.ts';
import { serializeKey } from '../../lib/http/serialize-key.ts';
import { keyId, sequence } from '../../lib/validation/fields.ts';

/** Shows the details of a key. */
export const handler = httpHandler({
  access: 'kms:cmk:get',
  fields: { key_id: keyId, sequence },
  handle: async ({ body, context, authority, config }) => ({
    key_info: serializeKey(await authority.describeKey(context, body.key_id), config.region),
  }),
});
