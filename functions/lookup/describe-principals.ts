import { httpHandler } from '../../lib/handlers/http.ts';
import { describePrincipals } from '../../lib/lookup/describe-principals.ts';
import { sequence } from '../../lib/validation/fields.ts';
import { principalIds } from '../../lib/validation/lookup-fields.ts';

/** Tells the names behind ids of principals. Whoever has nothing to do with the project is `unknown`. */
export const handler = httpHandler({
  access: 'kms:grant:list',
  isExtension: true,
  fields: { principals: principalIds, sequence },
  handle: async ({ body, context, config, store }) => ({
    principals: await describePrincipals({ config, store }, context.projectId, body.principals),
  }),
});
