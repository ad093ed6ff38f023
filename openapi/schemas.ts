/** The schemas of all replies, by name. A file in schemas/ has those of a group of APIs. */
import { ADMINISTRATION_SCHEMAS } from './schemas/administration.ts';
import { ERROR_SCHEMAS } from './schemas/errors.ts';
import { GRANT_SCHEMAS } from './schemas/grants.ts';
import { HOOK_SCHEMAS } from './schemas/hooks.ts';
import { IDENTITY_SCHEMAS } from './schemas/identity.ts';
import { JOB_SCHEMAS } from './schemas/jobs.ts';
import { KEY_SCHEMAS } from './schemas/keys.ts';
import { PEOPLE_SCHEMAS } from './schemas/people.ts';
import type { Schema } from './types.ts';

export const SCHEMAS: Readonly<Record<string, Schema>> = {
  ...ERROR_SCHEMAS,
  ...GRANT_SCHEMAS,
  ...KEY_SCHEMAS,
  ...IDENTITY_SCHEMAS,
  ...HOOK_SCHEMAS,
  ...JOB_SCHEMAS,
  ...PEOPLE_SCHEMAS,
  ...ADMINISTRATION_SCHEMAS,
};
