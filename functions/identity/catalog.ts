import { httpHandler } from '../../lib/handlers/http.ts';
import { publicUrlOf } from '../../lib/http/public-url.ts';
import { serializeCatalog } from '../../lib/http/serialize-catalog.ts';

/**
 * Returns the service catalog, in which clients find the addresses of the APIs.
 * Source: OpenStack Identity API v3, "Get service catalog".
 */
export const handler = httpHandler({
  access: 'caller',
  requiresDirectory: true,
  async handle({ config, context: { caller }, request, store }) {
    // gophertelekomcloud adds X-Project-Id after signing. It decides only about an address in the reply.
    const projects = await store.directory.projectsOf(caller.userId);
    const sent = projects.find(({ projectId }) => projectId === request.headers['x-project-id']);
    const projectId = caller.projectId ?? sent?.projectId;
    return {
      catalog: serializeCatalog(publicUrlOf(config, request), config.region, projectId),
      links: { self: '/v3/auth/catalog', next: null, previous: null },
    };
  },
});
