import type { Domain } from '../../lib/domain/directory.ts';
import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';

/**
 * Lists the domains that the caller can get a token for: its own one; or shows it, by id. `openstack project show
 * --domain` looks the domain up by id, then by name.
 * Source: OpenStack Identity API v3, "Get available domain scopes", "List domains", "Show domain details".
 * @throws KmsError Keystone.404:resource for any other id
 */
export const handler = httpHandler({
  access: 'caller',
  name: 'domains',
  requiresDirectory: true,
  async handle({ context, params: { id }, request, store }) {
    const own = await store.directory.domain(context.caller.domainId);
    if (id !== undefined) {
      if (own?.domainId !== id) throw new KmsError('Keystone.404:resource');
      return { domain: serializeDomain(own) };
    }
    const name = new URLSearchParams(request.query).get('name');
    const domains = own && (name === null || own.name === name) ? [own] : [];
    return { domains: domains.map(serializeDomain), links: { self: request.path, next: null, previous: null } };
  },
});

const serializeDomain = ({ domainId, name }: Domain) => ({
  id: domainId,
  name,
  enabled: true,
  description: '',
  links: { self: `/v3/domains/${domainId}` },
});
