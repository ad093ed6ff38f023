import { httpHandler } from '../../lib/handlers/http.ts';

/**
 * Lists the one region of this service. The Node SDK looks only at regions of the type `public`.
 * Source: OpenStack Identity API v3, "List regions"; IAM API reference, "Querying a Region List".
 */
export const handler = httpHandler({
  access: 'caller',
  requiresDirectory: true,
  async handle({ config: { region } }) {
    const links = { self: `/v3/regions/${region}` };
    return {
      regions: [{ id: region, type: 'public', description: '', parent_region_id: null, links }],
      links: { self: '/v3/regions', next: null, previous: null },
    };
  },
});
