import { serializeFailures } from '../../lib/domain/model.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { search } from '../../lib/lookup/search.ts';
import { sequence } from '../../lib/validation/fields.ts';
import { searchQuery } from '../../lib/validation/lookup-fields.ts';

/**
 * Finds what a text names in the project: a principal (id, user name or mapped identity), a key (id, alias or its
 * beginning), a grant (also one that is gone and has receipts) or a job.
 */
export const handler = httpHandler({
  access: 'kms:grant:list',
  isExtension: true,
  fields: { query: searchQuery, sequence },
  async handle({ body, context, ...services }) {
    const { matches, failed } = await search(services, context, body.query);
    return { matches, failed: failed.length > 0 ? serializeFailures(failed) : undefined };
  },
});
