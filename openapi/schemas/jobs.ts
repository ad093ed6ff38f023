/** Replies of the APIs in operations/jobs.ts. */
import { array, count, id32, keyId, object, operationList, PAGE, ref, string, truncated } from './common.ts';

export const JOB_SCHEMAS = {
  JobPreview: object(
    {
      dry_run: { type: 'boolean', const: true },
      total: count,
      digest: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      own: count,
      passed_on: count,
      failed: array(ref('ListFailure')),
      keys: array(object({ key_id: keyId, key_alias: string, total: count, operations: operationList }, ['key_alias'])),
      grants: array(ref('Grant'), { maxItems: 1000 }),
      grants_truncated: truncated,
    },
    ['passed_on', 'failed'],
  ),
  CreatedJob: object({ job_id: id32, total: count }),
  JobPage: object({
    jobs: array(ref('Job'), { maxItems: 100 }),
    next_marker: PAGE.next_marker,
    truncated: PAGE.truncated,
  }),
} as const;
