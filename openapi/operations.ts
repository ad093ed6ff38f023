/**
 * What a person says about each route. To add an API, add one entry to a file in operations/. An entry without a route
 * is an error, so a file is added here together with the routes of its APIs, and its schemas in schemas.ts.
 */
import { ADMINISTRATION_OPERATIONS } from './operations/administration.ts';
import { EXTENSION_OPERATIONS } from './operations/extensions.ts';
import { GRANT_OPERATIONS } from './operations/grants.ts';
import { HOOK_OPERATIONS } from './operations/hooks.ts';
import { IDENTITY_OPERATIONS } from './operations/identity.ts';
import { JOB_OPERATIONS } from './operations/jobs.ts';
import { KEY_OPERATIONS } from './operations/keys.ts';
import { PEOPLE_OPERATIONS } from './operations/people.ts';
import { SCIM_OPERATIONS } from './operations/scim.ts';
import { WEBSITE_OPERATIONS } from './operations/website.ts';
import type { Operations } from './types.ts';

export const OPERATIONS: Operations = {
  ...GRANT_OPERATIONS,
  ...EXTENSION_OPERATIONS,
  ...KEY_OPERATIONS,
  ...IDENTITY_OPERATIONS,
  ...HOOK_OPERATIONS,
  ...SCIM_OPERATIONS,
  ...JOB_OPERATIONS,
  ...PEOPLE_OPERATIONS,
  ...ADMINISTRATION_OPERATIONS,
  ...WEBSITE_OPERATIONS,
};
