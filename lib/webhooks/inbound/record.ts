/** Records the verified events of a source as jobs. */
import { randomBytes } from 'node:crypto';
import { type Job, newJob, type Task } from '../../domain/job.ts';
import { KmsError } from '../../errors.ts';
import { logger } from '../../logger.ts';
import type { Queue } from '../../queue/queue.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import type { Store } from '../../store/store.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';
import { enqueueJob } from '../jobs/enqueue-job.ts';
import type { WebhookEvents } from './adapter.ts';
import { ignored } from './event-tasks.ts';
import { assertQuota } from './quota.ts';
import type { Source } from './source.ts';

interface RecordDependencies {
  store: Pick<Store, 'jobs'>;
  queue: Pick<Queue, 'send'>;
  now: () => number;
}

/**
 * A delivery with more tasks becomes several jobs: with its leftovers, its unmapped identities and a batch, a job must
 * fit into one item of the store, which is 400 KB in DynamoDB.
 */
const TASKS_MAX = 500;
const TASKS_BYTES_MAX = 96 * 1024;

const CONCURRENT_JOBS = 8;

export type Jobs = readonly [Job, ...Job[]];

type Content = { content: string | Uint8Array };

/**
 * Stores the jobs for the events of a delivery before it returns: one, or several if they do not fit into one. A
 * repeated delivery starts nothing.
 * @param isSentOnce as in the adapter: an event that `actions` does not allow is ignored instead of refused, and
 *   another content under a used delivery id is another delivery
 * @returns the jobs as stored
 * @throws KmsError KMS.0104 if the source has too many open jobs. Unless `isSentOnce`, also KMS.0307 for an event that
 *   `actions` does not allow, and KMS.0308 if an earlier delivery with other content had the same id
 */
export async function recordDelivery(
  dependencies: RecordDependencies,
  source: Source,
  { tasks, ...events }: WebhookEvents & Content,
  { isSentOnce = false }: { isSentOnce?: boolean } = {},
): Promise<Jobs> {
  const allowed = tasks.map((task) => allowedTask(source, task, isSentOnce));
  const newJobs = jobsOf(source, { ...events, tasks: allowed }, dependencies.now());
  if (newJobs.some(({ state }) => state !== 'ignored')) await assertQuota(dependencies, source.name);
  const jobs = (await storeJobs(dependencies, newJobs)) ?? (isSentOnce && (await storeApart(dependencies, newJobs)));
  // A new event under a used id must not look as if it was received.
  if (!jobs) throw new KmsError('KMS.0308', { detail: USED_ID });
  logUnreadable(jobs);
  return jobs;
}

const USED_ID = 'The id of the delivery was used for another body, so nothing was done. Send it with a new id.';

/** Stores the jobs as those of another delivery: the digest of the content is appended to the delivery id. */
function storeApart(dependencies: RecordDependencies, jobs: Jobs): Promise<Jobs | undefined> {
  const apart = (job: Job, index: number): Job => {
    const deliveryId = `${job.deliveryId} ${job.contentDigest}`;
    return { ...job, deliveryId, jobId: jobIdOf(job.source, deliveryId, index) };
  };
  const [first, ...rest] = jobs;
  return storeJobs(dependencies, [apart(first, 0), ...rest.map((job, index) => apart(job, index + 1))]);
}

/**
 * Stores the jobs of a delivery that are not stored yet, and queues them. The first one goes first: its digest decides
 * whether this is a repeat. The process may have died after any of them, so a repeat stores the rest.
 * @returns the jobs as stored; undefined, with nothing stored, if the id was used for another content
 */
async function storeJobs(
  { store, queue }: Pick<RecordDependencies, 'store' | 'queue'>,
  [newFirst, ...newRest]: Jobs,
): Promise<Jobs | undefined> {
  const storeJob = async (newJob: Job) => {
    const job = (await store.jobs.add(newJob)) ?? newJob;
    if (!isSameContent(job, newJob)) return undefined;
    // For a repeated delivery too: the process may have died after it stored the job and before it queued it.
    if (job.state === 'queued') await enqueueJob(queue, job);
    return job;
  };
  const first = await storeJob(newFirst);
  if (!first) return undefined;
  // A job of an earlier version holds the whole delivery.
  if (first.contentDigest === undefined) return [first];
  const rest = await mapWithConcurrency(newRest, CONCURRENT_JOBS, storeJob);
  return [first, ...rest.filter((job) => job !== undefined)];
}

/** Logs the events of a batch that an adapter could not read: what they ask for is not done. */
function logUnreadable(jobs: Jobs): void {
  const [{ jobId, source }] = jobs;
  const tasks = jobs.flatMap((job) => job.tasks);
  const unreadable = tasks.filter(({ action }) => action === 'unreadable');
  if (unreadable.length === 0) return;
  const reasons = [...new Set(unreadable.map(({ reason }) => reason))];
  logger.warn('webhook', { job_id: jobId, source, unreadable: unreadable.length, reasons });
}

/** Whether both jobs are of deliveries with the same content. Jobs of earlier versions have no digest to compare. */
const isSameContent = ({ contentDigest }: Job, newJob: Job): boolean =>
  contentDigest === undefined || contentDigest === newJob.contentDigest;

function jobsOf(source: Source, { deliveryId, content, tasks }: WebhookEvents & Content, nowMs: number): Jobs {
  const id = deliveryId ?? randomBytes(16).toString('hex');
  const contentDigest = sha256Hex(content);
  const { name, projectIds, mode, maxPrincipals } = source;
  const limits = { mode: mode === 'observe' ? mode : undefined, maxPrincipals };
  const jobOf = (part: readonly Task[], index: number): Job => {
    const jobId = jobIdOf(name, id, index);
    const state = initialState(part);
    return newJob(
      { jobId, source: name, deliveryId: id, contentDigest, projectIds, tasks: part, state, ...limits },
      nowMs,
    );
  };
  const [first, ...rest] = partsOf(tasks);
  return [jobOf(first, 0), ...rest.map((part, index) => jobOf(part, index + 1))];
}

/**
 * Returns the id of a job of a delivery: a repeated delivery has the same jobs.
 * @param index of the job, where the delivery has several
 */
export const jobIdOf = (source: string, deliveryId: string, index = 0): string =>
  sha256Hex(`${source}\n${deliveryId}${index === 0 ? '' : `\n${index}`}`).slice(0, 32);

/** Returns the tasks without duplicates, in parts that each fit into one job. */
function partsOf(tasks: readonly Task[]): readonly [Task[], ...Task[][]] {
  let part: Task[] = [];
  let partBytes = 0;
  const parts: [Task[], ...Task[][]] = [part];
  for (const [json, task] of new Map(tasks.map((task) => [JSON.stringify(task), task]))) {
    const bytes = Buffer.byteLength(json);
    if (part.length === TASKS_MAX || (part.length > 0 && partBytes + bytes > TASKS_BYTES_MAX)) {
      part = [];
      partBytes = 0;
      parts.push(part);
    }
    part.push(task);
    partBytes += bytes;
  }
  return parts;
}

export const initialState = (tasks: readonly Task[]) =>
  tasks.every(({ action }) => action === 'ignore') ? 'ignored' : 'queued';

/** @throws KmsError KMS.0307 */
function allowedTask({ projectIds, actions }: Source, task: Task, isSentOnce: boolean): Task {
  const { action, type, projectId } = task;
  if (action === 'ignore' || action === 'unreadable' || action === 'needs-person') return task;
  const isProjectAllowed = projectId === undefined || projectIds.includes(projectId);
  const isAllowed = actions.some((allowed) => allowed === type);
  if (isSentOnce && !(isAllowed && isProjectAllowed)) {
    const what = isAllowed ? 'that project' : type;
    return { ...ignored(task.event ?? type), reason: `The setting HOOKS does not allow ${what} for this source.` };
  }
  if (!isAllowed) {
    throw new KmsError('KMS.0307', { detail: `The setting HOOKS does not allow ${type} for this source.` });
  }
  if (!isProjectAllowed) {
    throw new KmsError('KMS.0307', { detail: 'The setting HOOKS does not list that project for this source.' });
  }
  return task;
}
