/** The schemas of all replies, by name. A file in schemas/ has those of a group of APIs. */
import { ERROR_SCHEMAS } from './schemas/errors.ts';
import { GRANT_SCHEMAS } from './schemas/grants.ts';
import { HOOK_SCHEMAS } from './schemas/hooks.ts';
import { IDENTITY_SCHEMAS } from './schemas/identity.ts';
import { KEY_SCHEMAS } from './schemas/keys.ts';
import type { Schema } from './types.ts';

export const SCHEMAS: Readonly<Record<string, Schema>> = {
  ...ERROR_SCHEMAS,
  ...GRANT_SCHEMAS,
  ...KEY_SCHEMAS,
  ...IDENTITY_SCHEMAS,
  ...HOOK_SCHEMAS,
};
