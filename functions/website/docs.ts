import { websiteHandler } from '../../lib/handlers/website.ts';

/** Serves the description of the API: for programs as OpenAPI, for readers as pages. */
export const handler = websiteHandler({ name: 'docs', load: () => import('#docs-files') });
