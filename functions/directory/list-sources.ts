import { httpHandler } from '../../lib/handlers/http.ts';
import { mapWithConcurrency } from '../../lib/util/concurrency.ts';
import { sequence } from '../../lib/validation/fields.ts';
import { administeredSourcesOf } from '../../lib/webhooks/administered-sources.ts';
import { serializeSource } from '../../lib/webhooks/serialize-source.ts';

/** A source with more open jobs is shown with this number. */
const OPEN_JOBS_MAX = 1000;
const CONCURRENT_COUNTS = 4;

/** Lists the sources of webhooks and of chat that the caller administers, without their secrets. */
export const handler = httpHandler({
  access: 'iam:directory:manage',
  isExtension: true,
  fields: { sequence },
  async handle({ config, context, store }) {
    const { sources } = await administeredSourcesOf({ config, store }, context.projectId);
    return {
      sources: await mapWithConcurrency(sources, CONCURRENT_COUNTS, async (source) =>
        serializeSource(source, await store.jobs.countOpen(source.name, OPEN_JOBS_MAX)),
      ),
    };
  },
});
