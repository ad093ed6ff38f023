import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';
import { isJobAboutProject, serializeJob } from '../../lib/http/serialize-job.ts';

/** Shows the progress of the job that a webhook started, to callers who may list grants in one of its projects. */
export const handler = httpHandler({
  access: 'kms:grant:list',
  name: 'job',
  isExtension: true,
  usesCallerProject: true,
  async handle({ params, context: { projectId }, store }) {
    const job = await store.jobs.job(params['id'] ?? '');
    if (job && isJobAboutProject(job, projectId)) return serializeJob(job, projectId);
    throw new KmsError('APIGW.0101', { detail: 'There is no such job in this project.' });
  },
});
