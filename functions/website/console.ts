import { websiteHandler } from '../../lib/handlers/website.ts';

/** Serves the console. Its pages have paths of their own, such as /console/keys/<id>, which all load the same file. */
export const handler = websiteHandler({
  name: 'console',
  load: () => import('#console-files'),
  fallbackPage: '/console',
});
