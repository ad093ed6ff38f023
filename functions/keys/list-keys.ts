import { endpoint } from '../../lib/endpoint.ts';
import { keyMarker, keySpecFilter, keyStateFilter, limit, sequence } from '../../lib/fields.ts';
import { keyDetails } from '../../lib/key-details.ts';
import { pageEnd, pageOf } from '../../lib/paging.ts';
import type { KeyState } from '../../lib/store/store.ts';

/** The keys of the project, oldest first. Without `key_spec` only AES_256 keys, as documented; `ALL` for every one. */
export const handler = endpoint({
  access: 'kms:cmk:list',
  fields: { limit, marker: keyMarker, key_state: keyStateFilter, key_spec: keySpecFilter, sequence },
  async handle({ body, act, authority, config }) {
    const keySpec = body.key_spec === 'ALL' ? undefined : (body.key_spec ?? 'AES_256');
    const filter = { state: body.key_state as KeyState | undefined, keySpec };
    const page = await authority.listKeys(act, filter, pageOf(body));
    const details = page.keys.map((key) => keyDetails(key, config.region));
    return {
      keys: details.map(({ key_id }) => key_id),
      key_details: details,
      ...pageEnd(page),
    };
  },
});
