/** Fields of the APIs of jobs. They are in a file of their own, so that no other function contains them. */
import * as z from 'zod/mini';
import { JOB_STATES, type JobPosition } from '../domain/job.ts';
import { field, optional, optionalText, parsed, text } from './field.ts';
import { grantId } from './fields.ts';

/** So many grants fit into one job; see `Job` in lib/domain/job.ts. */
export const GRANT_IDS_MAX = 500;

export const jobId = text(/^[0-9a-f]{32}$/, 'KMS.0308', 'job_id must be 32 characters of 0-9 and a-f.');

export const grantIds = optional(
  field(z.array(grantId).check(z.minLength(1), z.maxLength(GRANT_IDS_MAX)), {
    code: 'KMS.0308',
    detail: `grant_ids must be an array of 1 to ${GRANT_IDS_MAX} ids of 64 hexadecimal characters.`,
  }),
);

export const jobStates = optional(
  field(z.array(z.enum(JOB_STATES)).check(z.minLength(1), z.maxLength(JOB_STATES.length)), {
    code: 'KMS.0308',
    detail: `states must be an array of 1 to ${JOB_STATES.length} of: ${JOB_STATES.join(', ')}.`,
  }),
);

/** The job after which a page starts, as `next_marker` of the previous page gives it. */
export const jobMarker = optionalText(
  parsed(
    (input): JobPosition | undefined => {
      if (typeof input !== 'string') return undefined;
      const [, receivedAtMs, id] = /^(\d{1,15})-([0-9a-f]{32})$/.exec(input) ?? [];
      return id === undefined ? undefined : { receivedAtMs: Number(receivedAtMs), jobId: id };
    },
    'KMS.1602',
    'Pass next_marker of the page before.',
  ),
);
