import { httpHandler } from '../../lib/handlers/http.ts';
import { serializeJob } from '../../lib/http/serialize-job.ts';
import { sequence } from '../../lib/validation/fields.ts';
import { jobId } from '../../lib/validation/job-fields.ts';
import { changeJob } from '../../lib/webhooks/jobs/retry-and-stop.ts';

/** Runs a job of the project again, now: one that waits for its next attempt, or that ended before all was done. */
export const handler = httpHandler({
  access: 'kms:grant:revoke-any',
  isExtension: true,
  rejectsUnknownFields: true,
  fields: { job_id: jobId, sequence },
  async handle({ body, context, ...services }) {
    const job = await changeJob(services, context, 'retry-job', body.job_id);
    return serializeJob(job, context.projectId);
  },
});
