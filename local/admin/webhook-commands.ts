/** The admin commands for webhooks: mappings of external identities, jobs and dead letters. */

import { normalizeIdentity } from '../../lib/domain/external-identity.ts';
import { PRINCIPAL_ID_PATTERN } from '../../lib/domain/ids.ts';
import { FINAL_STATES, type Job, type Mapping } from '../../lib/domain/job.ts';
import { serializeJob } from '../../lib/http/serialize-job.ts';
import { AccountError } from '../../lib/identity/accounts.ts';
import { readAllSources } from '../../lib/webhooks/all-sources.ts';
import { requeueJob, stopJob } from '../../lib/webhooks/jobs/retry-and-stop.ts';
import {
  ANY_SOURCE,
  IDENTITY_CHARACTERS_MAX,
  isSourceOfMapping,
  mappingsOf,
  newMapping,
} from '../../lib/webhooks/mappings.ts';
import { type AdminServices, type Command, command, LIMIT_DEFAULT } from './command.ts';
import type { Row } from './table.ts';

export const WEBHOOK_COMMANDS: readonly Command[] = [
  command(
    'map',
    'map an external identity to a principal, in addition to those that it has',
    { required: ['identity', 'principal'], optional: ['source', 'replace'] },
    async (services, { identity, principal, source = ANY_SOURCE, replace }) => {
      const { mappings } = services.store;
      if (!PRINCIPAL_ID_PATTERN.test(principal))
        throw new AccountError('--principal must be 1 to 64 letters and digits');
      if (identity.length > IDENTITY_CHARACTERS_MAX)
        throw new AccountError(`--identity must be ${IDENTITY_CHARACTERS_MAX} characters or fewer`);
      assertSource(source);
      const mapping = newMapping({ source, identity, grantee: principal });
      // First, so that a job that runs meanwhile finds a mapping.
      await mappings.put(mapping);
      const others = (await mappingsOf(mappings, source, identity)).filter(({ grantee }) => grantee !== principal);
      if (replace) for (const other of others) await mappings.remove(other);
      const principals = new Set(others.map(({ grantee }) => grantee)).size + 1;
      const added =
        replace || principals === 1
          ? ''
          : `The identity has ${principals} principals: a job revokes the grants of all, and chat refuses the person. `;
      return {
        data: { source, identity: mapping.identity, principal },
        note: `${added}Takes effect with the next webhook or chat command. For a job that ended as unmapped or nothing-found, run retry-job.`,
        warnings: [
          ...(await principalWarnings(services, principal)),
          ...(await sourceWarnings(services, source)),
          ...(await precedenceWarnings(services, mapping)),
        ],
      };
    },
  ),
  command(
    'unmap',
    'delete the mappings of an external identity, or only the one to a principal',
    { required: ['identity'], optional: ['source', 'principal'] },
    async ({ store: { mappings } }, { identity, source = ANY_SOURCE, ...values }) => {
      const principal: string | undefined = values.principal;
      assertSource(source);
      const found = await mappingsOf(mappings, source, identity);
      const removed = found.filter(({ grantee }) => principal === undefined || grantee === principal);
      if (removed.length === 0) {
        const target = principal === undefined ? '' : ' to that principal';
        throw new AccountError(`there is no mapping of that identity${target} for source ${source}; see list-mappings`);
      }
      for (const mapping of removed) await mappings.remove(mapping);
      const principals = [...new Set(removed.map(({ grantee }) => grantee))];
      return { data: { removed: normalizeIdentity(identity), source, principals: principals.join(', ') } };
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
    'list the jobs that webhooks, chat and create-revocation-job started, newest first',
    { optional: ['limit'] },
    async ({ store }, { limit }) => {
      const jobs = await store.jobs.list(Number(limit ?? LIMIT_DEFAULT));
      return { data: jobs.map((job) => serializeJob(job)), brief: jobs.map(briefRow) };
    },
  ),
  command(
    'retry-job',
    'run a job again that ended as unmapped, leftovers, nothing-found, unreadable, needs-person, observed, done, stopped or paused; for a paused job, this is the approval',
    { required: ['job'] },
    async ({ store, queue, now }, { job: jobId }) => {
      const job = await store.jobs.job(jobId);
      if (!job) throw new AccountError(`there is no job ${jobId}; see jobs`);
      if (job.state === 'ignored')
        throw new AccountError(
          'the job is ignored: none of its events starts a revocation, so a retry would do nothing',
        );
      if (!(await requeueJob({ jobs: store.jobs, now }, job))) {
        throw new AccountError('the job changed meanwhile; run jobs to see its state, and try again');
      }
      // Also for a queued or running job: its message may be lost.
      await queue.send({ kind: 'job', jobId, source: job.source });
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
      if (FINAL_STATES.includes(job.state) && job.state !== 'paused')
        throw new AccountError(`the job has already ended as ${job.state}`);
      if (!(await stopJob({ jobs: store.jobs, now }, job))) {
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

function assertSource(source: string): void {
  if (!isSourceOfMapping(source))
    throw new AccountError('--source must be a name in HOOKS: 1 to 64 characters of a-z, 0-9 and -');
}

/** For a principal that is not in the directory. In upstream mode and with Keystone, principals need not be there. */
async function principalWarnings({ store, config }: AdminServices, principal: string): Promise<string[]> {
  if (config.upstream || config.keystone) return [];
  const { directory } = store;
  const isKnown = (await directory.user(principal)) ?? (await directory.domain(principal));
  return isKnown ? [] : [`the directory has no user or domain ${principal}; see list-users`];
}

async function sourceWarnings(services: AdminServices, source: string): Promise<string[]> {
  if (source === ANY_SOURCE || !services.config.hooks) return [];
  const sources = await readAllSources(services);
  return sources.has(source) ? [] : [`HOOKS has no source ${source}`];
}

/** A mapping for one source takes precedence over those for all sources. */
async function precedenceWarnings({ store: { mappings } }: AdminServices, mapping: Mapping): Promise<string[]> {
  if (mapping.source === ANY_SOURCE) return [];
  const own = new Set((await mappingsOf(mappings, mapping.source, mapping.identity)).map(({ grantee }) => grantee));
  const general = await mappingsOf(mappings, ANY_SOURCE, mapping.identity);
  return general
    .filter(({ grantee }) => !own.has(grantee))
    .map(({ grantee }) => `jobs of ${mapping.source} do not use the mapping to ${grantee} for all sources any more`);
}

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
