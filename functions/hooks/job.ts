import { httpHandler } from '../../lib/handlers/http.ts';
import { serializeJob } from '../../lib/http/serialize-job.ts';
import { jobOfProject } from '../../lib/webhooks/jobs/job-of-project.ts';

/** Shows the progress of the job that a webhook started, to callers who may list grants in one of its projects. */
export const handler = httpHandler({
  access: 'kms:grant:list',
  name: 'job',
  isExtension: true,
  usesCallerProject: true,
  async handle({ params, context: { projectId }, store }) {
    return serializeJob(await jobOfProject(store.jobs, params['id'] ?? '', projectId), projectId);
  },
});
