import { httpHandler } from '../../lib/handlers/http.ts';

/** Lists the one region of this service. Source: OpenStack Identity API v3, "List regions". */
export const handler = httpHandler({
  access: 'caller',
  requiresDirectory: true,
  async handle({ config: { region } }) {
    return {
      regions: [{ id: region, description: '', parent_region_id: null, links: { self: `/v3/regions/${region}` } }],
      links: { self: '/v3/regions', next: null, previous: null },
    };
  },
});
