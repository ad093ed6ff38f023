import { endpoint } from '../../lib/endpoint.ts';
import { KmsError } from '../../lib/errors.ts';
import { isAbout, jobWire } from '../../lib/hooks/job-wire.ts';

/** How far what a hook has started has come, for who may list grants in one of its projects. */
export const handler = endpoint({
  access: 'kms:grant:list',
  name: 'job',
  isOurs: true,
  isOfCallersProject: true,
  async handle({ params, act: { projectId }, store }) {
    const job = await store.jobs.job(params['id'] ?? '');
    if (job && isAbout(job, projectId)) return jobWire(job, projectId);
    throw new KmsError('APIGW.0101', { detail: 'There is no such job.' });
  },
});
