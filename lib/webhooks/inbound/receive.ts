import { randomBytes } from 'node:crypto';
import { type Job, newJob, type Task } from '../../domain/job.ts';
import type { RequestTrace } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { Reply } from '../../http/reply.ts';
import { logger } from '../../logger.ts';
import type { Queue } from '../../queue/queue.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import { SignatureError, UNVERIFIED } from '../../signing/signed-request.ts';
import type { Store } from '../../store/store.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';
import type { HooksSettings } from '../hooks.ts';
import { enqueueJob } from '../jobs/enqueue-job.ts';
import type { WebhookEvents, WebhookRequest } from './adapter.ts';
import { ADAPTERS } from './adapters.ts';
import { assertQuota } from './quota.ts';
import { type Source, sourcesOf } from './sources.ts';

interface ReceiveDependencies {
  config: HooksSettings;
  store: Pick<Store, 'jobs' | 'directory'>;
  queue: Queue;
  now: () => number;
}

/**
 * A delivery with more tasks becomes several jobs: with its leftovers, its unmapped identities and a batch, a job must
 * fit into one item of the store, which is 400 KB in DynamoDB.
 */
const TASKS_MAX = 500;
const TASKS_BYTES_MAX = 64 * 1024;

const CONCURRENT_JOBS = 8;

/**
 * Receives a webhook: verifies that its source sent it, and stores the jobs for its events before it returns: one, or
 * several if they do not fit into one. A repeated delivery gets the same reply and starts nothing.
 * @param name the source's name in the URL
 * @returns the body of the reply, or a Reply in the form that the source requires
 * @throws KmsError APIGW.0301 for an unknown source or a wrong signature, KMS.0215 for a GET that is no handshake,
 *   KMS.0104 for too many open jobs, KMS.0307 for an event that the source may not send, KMS.0308 for a used delivery
 *   id with another body, and those of the adapter for a malformed one
 */
export async function receiveWebhook(
  dependencies: ReceiveDependencies,
  { name, request, trace }: { name: string; request: WebhookRequest; trace: RequestTrace },
): Promise<object> {
  const { store, queue, now } = dependencies;
  const configuredSource = (await sourcesOf(dependencies)()).get(name);
  // Not `name`: a client could write anything into the log with it.
  trace.source = configuredSource?.name;
  const source = await verifySource(configuredSource, request, now());
  const adapter = ADAPTERS[source.kind];
  const handshake = adapter.handshake?.(request);
  if (handshake) return handshake;
  if (request.method === 'GET') throw new KmsError('KMS.0215', { detail: 'Send webhooks with POST.' });

  const newJobs = jobsOf(source, { content: request.body, ...adapter.read(request) }, now());
  const reply = adapter.reply?.(request);
  if (newJobs.some(({ state }) => state !== 'ignored')) await assertQuota(dependencies, source.name);
  const jobs = await storeJobs({ store, queue }, newJobs);
  const [{ jobId }] = jobs;
  trace.jobId = jobId;
  logUnreadable(jobs);
  if (reply) {
    const { status, body = '', contentType } = reply;
    const headers = { 'x-job-id': jobId, ...(contentType && { 'content-type': contentType }) };
    return new Reply(body, { status, headers });
  }
  const state = initialState(jobs.flatMap(({ tasks }) => tasks));
  return { job_id: jobId, state, ...(jobs.length > 1 && { job_ids: jobs.map((job) => job.jobId) }) };
}

type Jobs = readonly [Job, ...Job[]];

/**
 * Stores the jobs of a delivery that are not stored yet, and queues them. The first one goes first: its digest decides
 * whether this is a repeat. The process may have died after any of them, so a repeat stores the rest.
 * @returns the jobs as stored
 */
async function storeJobs(
  { store, queue }: Pick<ReceiveDependencies, 'store' | 'queue'>,
  [newFirst, ...newRest]: Jobs,
): Promise<Jobs> {
  const storeJob = async (newJob: Job) => {
    const job = (await store.jobs.add(newJob)) ?? newJob;
    assertSameContent(job, newJob);
    // For a repeated delivery too: the process may have died after it stored the job and before it queued it.
    if (job.state === 'queued') await enqueueJob(queue, job);
    return job;
  };
  const first = await storeJob(newFirst);
  // A job of an earlier version holds the whole delivery.
  if (first.contentDigest === undefined) return [first];
  return [first, ...(await mapWithConcurrency(newRest, CONCURRENT_JOBS, storeJob))];
}

/** An unknown source and a wrong signature get the same reply, so that clients cannot probe for names of sources. */
async function verifySource(source: Source | undefined, request: WebhookRequest, nowMs: number): Promise<Source> {
  try {
    if (!source) throw new SignatureError('there is no such source');
    await ADAPTERS[source.kind].verify(request, source.secrets, nowMs);
    return source;
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new KmsError('APIGW.0301', { detail: UNVERIFIED, cause: error });
  }
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

/** A new event under a used id must not look as if it was received. @throws KmsError KMS.0308 */
function assertSameContent({ contentDigest }: Job, newJob: Job): void {
  if (contentDigest !== undefined && contentDigest !== newJob.contentDigest) {
    throw new KmsError('KMS.0308', {
      detail: 'The id of the delivery was used for another body, so nothing was done. Send it with a new id.',
    });
  }
}

type Content = { content: string | Uint8Array };

function jobsOf(source: Source, { deliveryId, content, tasks }: WebhookEvents & Content, nowMs: number): Jobs {
  for (const task of tasks) assertAllowed(source, task);
  const id = deliveryId ?? randomBytes(16).toString('hex');
  const contentDigest = sha256Hex(content);
  const { name, projectIds } = source;
  const jobOf = (part: readonly Task[], index: number): Job => {
    const jobId = sha256Hex(`${name}\n${id}${index === 0 ? '' : `\n${index}`}`).slice(0, 32);
    const state = initialState(part);
    return newJob({ jobId, source: name, deliveryId: id, contentDigest, projectIds, tasks: part, state }, nowMs);
  };
  const [first, ...rest] = partsOf(tasks);
  return [jobOf(first, 0), ...rest.map((part, index) => jobOf(part, index + 1))];
}

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

const initialState = (tasks: readonly Task[]) =>
  tasks.every(({ action }) => action === 'ignore') ? 'ignored' : 'queued';

/** @throws KmsError KMS.0307 */
function assertAllowed({ projectIds, actions }: Source, { action, type, projectId }: Task): void {
  if (action === 'ignore' || action === 'unreadable') return;
  if (!actions.some((allowed) => allowed === type)) {
    throw new KmsError('KMS.0307', { detail: `The setting HOOKS does not allow ${type} for this source.` });
  }
  if (projectId !== undefined && !projectIds.includes(projectId)) {
    throw new KmsError('KMS.0307', { detail: 'The setting HOOKS does not list that project for this source.' });
  }
}
