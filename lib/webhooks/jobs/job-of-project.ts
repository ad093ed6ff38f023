import { isJobAboutProject, type Job } from '../../domain/job.ts';
import { KmsError } from '../../errors.ts';
import type { JobStore } from '../../store/store.ts';

/** Returns a job that acts in the project. @throws KmsError APIGW.0101 for any other and for an unknown one */
export async function jobOfProject(jobs: JobStore, jobId: string, projectId: string): Promise<Job> {
  const job = await jobs.job(jobId);
  if (job && isJobAboutProject(job, projectId)) return job;
  throw new KmsError('APIGW.0101', { detail: 'There is no such job in this project.' });
}
