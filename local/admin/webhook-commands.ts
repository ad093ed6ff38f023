/** What the admin command can do about hooks: who outside identities are, jobs, and what could not be delivered. */

import { FINAL_STATES, type Job } from '../../lib/domain/job.ts';
import { serializeJob } from '../../lib/http/serialize-job.ts';
import { AccountError } from '../../lib/identity/accounts.ts';
import { type Command, command, LIMIT_DEFAULT } from './command.ts';
import type { Row } from './table.ts';

const ANY = '*';

export const WEBHOOK_COMMANDS: readonly Command[] = [
  command(
    'map',
    'tell who somebody is whom another system knows by another name',
    { needs: ['identity', 'principal'], takes: ['source'] },
    async ({ store }, { identity, principal, source = ANY }) => {
      if (!/^[a-zA-Z0-9]{1,64}$/.test(principal))
        throw new AccountError('--principal must be 1 to 64 letters and digits');
      if (identity.length > 256) throw new AccountError('--identity must be 256 characters or fewer');
      await store.mappings.put({ source, identity: folded(identity), grantee: principal });
      return {
        data: { source, identity: folded(identity), principal },
        note: 'In force with the next hook. A job that waits for it (state unmapped): retry-job.',
      };
    },
  ),
  command(
    'unmap',
    'forget who somebody is',
    { needs: ['identity'], takes: ['source'] },
    async ({ store }, { identity, source = ANY }) => {
      if (await store.mappings.remove(source, folded(identity))) return { data: { removed: folded(identity), source } };
      throw new AccountError(`nobody is mapped by that identity for ${source}; see list-mappings`);
    },
  ),
  command('list-mappings', 'who outside identities are', {}, async ({ store }) => ({
    data: (await store.mappings.list()).map(({ source, identity, grantee }) => ({
      source,
      identity,
      principal: grantee,
    })),
  })),
  command('jobs', 'what hooks have started, newest first', { takes: ['limit'] }, async ({ store }, { limit }) => {
    const jobs = await store.jobs.list(Number(limit ?? LIMIT_DEFAULT));
    return { data: jobs.map((job) => serializeJob(job)), brief: jobs.map(briefOf) };
  }),
  command(
    'retry-job',
    'have a job tried again that has ended with somebody unmapped or with leftovers',
    { needs: ['job'] },
    async ({ store, queue, now }, { job: jobId }) => {
      const job = await store.jobs.job(jobId);
      if (!job) throw new AccountError(`there is no job ${jobId}; see jobs`);
      if (job.state === 'ignored') throw new AccountError('nothing in this job is understood: there is nothing to try');
      // One that is under way goes on as it is; the queue may have lost it all the same.
      if (
        FINAL_STATES.includes(job.state) &&
        !(await store.jobs.save({ ...job, state: 'queued', tries: 0, dueAtMs: now() }))
      ) {
        throw new AccountError('the job has just changed; look at it again');
      }
      await queue.send({ kind: 'job', jobId });
      return { data: { job_id: jobId, state: 'queued' }, note: 'Whoever works on the queue takes it up: see jobs.' };
    },
  ),
  command(
    'stop-job',
    'end a job; what it has revoked stays revoked',
    { needs: ['job'] },
    async ({ store, now }, { job: jobId }) => {
      const job = await store.jobs.job(jobId);
      if (!job) throw new AccountError(`there is no job ${jobId}; see jobs`);
      if (FINAL_STATES.includes(job.state)) throw new AccountError(`the job has ended: ${job.state}`);
      if (!(await store.jobs.save({ ...job, state: 'stopped', dueAtMs: now() }))) {
        throw new AccountError('the job has just gone on; try again');
      }
      return { data: { job_id: jobId, state: 'stopped', revoked: job.revoked }, note: 'retry-job has it go on.' };
    },
  ),
  command('dead-letters', 'work that was given up: messages that no target took', {}, async ({ queue }) => ({
    data: (await queue.listDeadLetters()).map((work): Row => ({ ...work })),
  })),
  command('revive-dead-letters', 'have work tried again that was given up', {}, async ({ queue }) => ({
    data: { revived: await queue.redriveDeadLetters() },
  })),
];

/** E-mail addresses are compared in lower case. */
const folded = (identity: string) => (identity.includes('@') ? identity.toLowerCase() : identity);

function briefOf({ jobId, receivedAtMs, source, state, tasks, revoked, leftoverCount = 0, unmapped }: Job): Row {
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
