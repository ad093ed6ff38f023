import { httpHandler } from '../../lib/handlers/http.ts';

/**
 * Lists the domains that the caller can get a token for: its own one.
 * Source: OpenStack Identity API v3, "Get available domain scopes".
 */
export const handler = httpHandler({
  access: 'caller',
  requiresDirectory: true,
  async handle({ context, request, store }) {
    const name = new URLSearchParams(request.query).get('name');
    const domain = await store.directory.domain(context.caller.domainId);
    const domains = domain && (name === null || domain.name === name) ? [domain] : [];
    return {
      domains: domains.map(({ domainId, name }) => ({
        id: domainId,
        name,
        enabled: true,
        description: '',
        links: { self: `/v3/domains/${domainId}` },
      })),
      links: { self: '/v3/auth/domains', next: null, previous: null },
    };
  },
});
