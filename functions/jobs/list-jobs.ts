import { httpHandler } from '../../lib/handlers/http.ts';
import { sequence } from '../../lib/validation/fields.ts';
import { jobMarker, jobStates } from '../../lib/validation/job-fields.ts';
import { limit } from '../../lib/validation/page-fields.ts';
import { listJobs } from '../../lib/webhooks/jobs/list-jobs.ts';

/** Lists the jobs that act in the project, newest first: those of webhooks, of chat and of create-revocation-job. */
export const handler = httpHandler({
  access: 'kms:grant:list',
  isExtension: true,
  fields: { states: jobStates, limit, marker: jobMarker, sequence },
  handle: ({ body, context: { projectId }, store }) =>
    listJobs(store.jobs, { projectId, states: body.states, before: body.marker }, body.limit),
});
