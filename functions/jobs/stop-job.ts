import { httpHandler } from '../../lib/handlers/http.ts';
import { serializeJob } from '../../lib/http/serialize-job.ts';
import { sequence } from '../../lib/validation/fields.ts';
import { jobId } from '../../lib/validation/job-fields.ts';
import { changeJob } from '../../lib/webhooks/jobs/retry-and-stop.ts';

/** Stops a job of the project that has not ended. The grants that it has revoked stay revoked. */
export const handler = httpHandler({
  access: 'kms:grant:revoke-any',
  isExtension: true,
  rejectsUnknownFields: true,
  fields: { job_id: jobId, sequence },
  async handle({ body, context, ...services }) {
    const job = await changeJob(services, context, 'stop-job', body.job_id);
    return serializeJob(job, context.projectId);
  },
});
