/** The fields of search and describe-principals. They are no part of the documented API. */
import * as z from 'zod/mini';
import { IAM_ID_PATTERN } from '../domain/ids.ts';
import { field } from './field.ts';

/** What people paste has spaces around it. Text that is not valid Unicode cannot be stored, so nothing has it. */
export const searchQuery = field(
  z.pipe(
    z.pipe(
      z.string(),
      z.transform((text) => text.trim()),
    ),
    z.string().check(
      z.minLength(1),
      z.maxLength(256),
      z.refine((text) => text.isWellFormed()),
    ),
  ),
  { code: 'KMS.0308', detail: 'query must be 1 to 256 characters, spaces around it not counted.' },
);

export const principalIds = field(
  z.array(z.string().check(z.regex(IAM_ID_PATTERN))).check(z.minLength(1), z.maxLength(100)),
  {
    code: 'KMS.2402',
    detail: 'principals must be an array of 1 to 100 ids, each of 1 to 64 letters, digits, - or _.',
  },
);
