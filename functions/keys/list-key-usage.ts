import { httpHandler } from '../../lib/handlers/http.ts';
import { pageFields } from '../../lib/http/serialize-grants.ts';
import { listKeyUsage } from '../../lib/lookup/key-usage.ts';
import { optionalKeyId, sequence } from '../../lib/validation/fields.ts';
import { keyMarker, limit } from '../../lib/validation/page-fields.ts';
import { pageRequestOf } from '../../lib/validation/pagination.ts';

/** With an upstream, each key of a page takes one call. */
const KEYS_MAX = 50;

/** Lists the keys of the project, or one of them, with the number of grants on each and the quota. */
export const handler = httpHandler({
  access: 'kms:cmk:list',
  isExtension: true,
  fields: { key_id: optionalKeyId, limit, marker: keyMarker, sequence },
  async handle({ body, context, config, ...services }) {
    const page = pageRequestOf({ ...body, limit: Math.min(body.limit ?? KEYS_MAX, KEYS_MAX) });
    const { keys, ...rest } = await listKeyUsage(services, context, body.key_id, page);
    return { keys, grants_per_key: config.upstream ? undefined : config.grantsPerKey, ...pageFields(rest) };
  },
});
