/** The admin commands for webhooks: mappings of external identities, jobs and dead letters. */

import { PRINCIPAL_ID_PATTERN } from '../../lib/domain/ids.ts';
import { FINAL_STATES, type Job } from '../../lib/domain/job.ts';
import { serializeJob } from '../../lib/http/serialize-job.ts';
import { AccountError } from '../../lib/identity/accounts.ts';
import { type Command, command, LIMIT_DEFAULT } from './command.ts';
import type { Row } from './table.ts';

const ANY_SOURCE = '*';

export const WEBHOOK_COMMANDS: readonly Command[] = [
  command(
    'map',
    'map an external identity to a principal',
    { required: ['identity', 'principal'], optional: ['source'] },
    async ({ store }, { identity, principal, source = ANY_SOURCE }) => {
      if (!PRINCIPAL_ID_PATTERN.test(principal))
        throw new AccountError('--principal must be 1 to 64 letters and digits');
      if (identity.length > 256) throw new AccountError('--identity must be 256 characters or fewer');
      await store.mappings.put({ source, identity: foldCase(identity), grantee: principal });
      return {
        data: { source, identity: foldCase(identity), principal },
        note: 'Takes effect with the next webhook. For a job that ended as unmapped, run retry-job.',
      };
    },
  ),
  command(
    'unmap',
    'delete the mapping of an external identity',
    { required: ['identity'], optional: ['source'] },
    async ({ store }, { identity, source = ANY_SOURCE }) => {
      if (await store.mappings.remove(source, foldCase(identity)))
        return { data: { removed: foldCase(identity), source } };
      throw new AccountError(`there is no mapping of that identity for source ${source}; see list-mappings`);
    },
  ),
  command('list-mappings', 'list the mappings of external identities to principals', {}, async ({ store }) => ({
    data: (await store.mappings.list()).map(({ source, identity, grantee }) => ({
      source,
      identity,
      principal: grantee,
    })),
  })),
  command(
    'jobs',
    'list the jobs that webhooks started, newest first',
    { optional: ['limit'] },
    async ({ store }, { limit }) => {
      const jobs = await store.jobs.list(Number(limit ?? LIMIT_DEFAULT));
      return { data: jobs.map((job) => serializeJob(job)), brief: jobs.map(briefRow) };
    },
  ),
  command(
    'retry-job',
    'run a job again, for example one that ended as unmapped or with leftovers',
    { required: ['job'] },
    async ({ store, queue, now }, { job: jobId }) => {
      const job = await store.jobs.job(jobId);
      if (!job) throw new AccountError(`there is no job ${jobId}; see jobs`);
      if (job.state === 'ignored')
        throw new AccountError(
          'the job is ignored: none of its events starts a revocation, so a retry would do nothing',
        );
      // A job that has not ended keeps its state, but its message may be lost, so a new one is sent.
      if (
        FINAL_STATES.includes(job.state) &&
        !(await store.jobs.save({ ...job, state: 'queued', failedAttempts: 0, dueAtMs: now() }))
      ) {
        throw new AccountError('the job changed meanwhile; run jobs to see its state, and try again');
      }
      await queue.send({ kind: 'job', jobId });
      return { data: { job_id: jobId, state: 'queued' }, note: 'The worker runs the job; follow it with jobs.' };
    },
  ),
  command(
    'stop-job',
    'stop a job; the grants that it revoked stay revoked',
    { required: ['job'] },
    async ({ store, now }, { job: jobId }) => {
      const job = await store.jobs.job(jobId);
      if (!job) throw new AccountError(`there is no job ${jobId}; see jobs`);
      if (FINAL_STATES.includes(job.state)) throw new AccountError(`the job has already ended as ${job.state}`);
      if (!(await store.jobs.save({ ...job, state: 'stopped', dueAtMs: now() }))) {
        throw new AccountError('the job changed meanwhile; try again');
      }
      return { data: { job_id: jobId, state: 'stopped', revoked: job.revoked }, note: 'To resume it, run retry-job.' };
    },
  ),
  command(
    'dead-letters',
    'list messages that failed too often, such as deliveries that no target accepted',
    {},
    async ({ queue }) => ({
      data: (await queue.listDeadLetters()).map((message): Row => ({ ...message })),
    }),
  ),
  command('revive-dead-letters', 'put dead letters back on the queue', {}, async ({ queue }) => ({
    data: { revived: await queue.redriveDeadLetters() },
  })),
];

/** E-mail addresses are compared in lower case. */
const foldCase = (identity: string) => (identity.includes('@') ? identity.toLowerCase() : identity);

function briefRow({ jobId, receivedAtMs, source, state, tasks, revoked, leftoverCount = 0, unmapped }: Job): Row {
  return {
    job_id: jobId,
    at: new Date(receivedAtMs).toISOString(),
    source,
    state,
    events: [...new Set(tasks.map(({ type }) => type))].join(', '),
    revoked,
    remaining: leftoverCount,
    unmapped: unmapped.join(', '),
  };
}
