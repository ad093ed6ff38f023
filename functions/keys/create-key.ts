import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { sequence } from '../../lib/validation/fields.ts';
import { KEY_USAGES, keyAlias, keyDescription, keyOrigin, keySpec, keyUsage } from '../../lib/validation/key-fields.ts';

/** Creates a key. Its creator, the caller, is the only one who may revoke its grants with revoke-grant. */
export const handler = httpHandler({
  access: 'kms:cmk:create',
  fields: {
    key_alias: keyAlias,
    key_description: keyDescription,
    key_spec: keySpec,
    key_usage: keyUsage,
    origin: keyOrigin,
    sequence,
  },
  async handle({ body, context, authority }) {
    const { key_alias: alias, key_description: description = '', key_spec: spec = 'AES_256' } = body;
    const usages: readonly string[] = KEY_USAGES[spec];
    const usage = body.key_usage ?? KEY_USAGES[spec][0];
    if (!usages.includes(usage)) throw new KmsError('KMS.0308', { detail: 'key_usage does not fit key_spec.' });
    const key = await authority.createKey(context, { alias, description, keySpec: spec, keyUsage: usage });
    return { key_info: { key_id: key.keyId, domain_id: key.domainId } };
  },
});
