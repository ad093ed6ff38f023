import { httpHandler } from '../../lib/handlers/http.ts';
import { pageFields } from '../../lib/http/serialize-grants.ts';
import { serializeKey } from '../../lib/http/serialize-key.ts';
import { sequence } from '../../lib/validation/fields.ts';
import { keySpecFilter, keyStateFilter } from '../../lib/validation/key-fields.ts';
import { keyMarker, limit } from '../../lib/validation/page-fields.ts';
import { pageRequestOf } from '../../lib/validation/pagination.ts';

/** Lists the keys of the project, oldest first: AES_256 keys, as documented, or those of `key_spec`, or `ALL`. */
export const handler = httpHandler({
  access: 'kms:cmk:list',
  fields: { limit, marker: keyMarker, key_state: keyStateFilter, key_spec: keySpecFilter, sequence },
  async handle({ body, context, authority, config }) {
    const keySpec = body.key_spec === 'ALL' ? undefined : (body.key_spec ?? 'AES_256');
    const filter = { state: body.key_state, keySpec };
    const page = await authority.listKeys(context, filter, pageRequestOf(body));
    const details = page.keys.map((key) => serializeKey(key, config.region));
    return {
      keys: details.map(({ key_id }) => key_id),
      key_details: details,
      ...pageFields(page),
    };
  },
});
