import { randomBytes } from 'node:crypto';
import type { Job, Task } from '../../domain/job.ts';
import type { RequestTrace } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { Reply } from '../../http/reply.ts';
import { describeCause, logger } from '../../logger.ts';
import type { Queue } from '../../queue/queue.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import { SignatureError } from '../../signing/signed-request.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookEvents, WebhookRequest } from './adapter.ts';
import { ADAPTERS } from './adapters.ts';
import { assertQuota } from './quota.ts';
import { type Source, type SourceSettings, sourcesOf } from './sources.ts';

interface ReceiveDependencies {
  config: SourceSettings;
  store: Pick<Store, 'jobs' | 'directory'>;
  queue: Queue;
  now: () => number;
}

/** A job that no worker has started by then is queued again. */
const START_TIMEOUT_MS = 60_000;

/** A job with its tasks must fit into one item of the store. */
const TASKS_MAX = 500;

/**
 * Receives a webhook: verifies that its source sent it, and stores a job for its events before it returns. A repeated
 * delivery gets the same reply and starts nothing.
 * @param name the source's name in the URL
 * @returns the body of the reply, or a Reply in the form that the source requires
 * @throws KmsError APIGW.0301 for an unknown source or a wrong signature, KMS.0215 for a GET that is no handshake,
 *   APIGW.0308 for too many open jobs, KMS.0203 for more than TASKS_MAX events, KMS.0307 for an event that the source
 *   may not send, and the codes of the adapter for a malformed one
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

  const newJob = jobOf(source, adapter.read(request), now());
  trace.jobId = newJob.jobId;
  const reply = adapter.reply?.(request);
  if (newJob.state !== 'ignored') await assertQuota(dependencies, source.name);
  const job = (await store.jobs.add(newJob)) ?? newJob;
  // For a repeated delivery too: the process may have died after it stored the job and before it queued it.
  if (job.state === 'queued') await enqueueJob(queue, job);
  if (reply) return new Reply(reply.body ?? '', { status: reply.status, headers: { 'x-job-id': job.jobId } });
  return { job_id: job.jobId, state: initialState(job.tasks) };
}

/** An unknown source and a wrong signature get the same reply, so that clients cannot probe for names of sources. */
async function verifySource(source: Source | undefined, request: WebhookRequest, nowMs: number): Promise<Source> {
  try {
    if (!source) throw new SignatureError('there is no such source');
    await ADAPTERS[source.kind].verify(request, source.secrets, nowMs);
    return source;
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    const detail = 'Check the name of the source in the URL, and its secret or signature.';
    throw new KmsError('APIGW.0301', { detail, cause: error });
  }
}

/** A failure of the queue is only logged: the job is stored, and is queued again after START_TIMEOUT_MS. */
async function enqueueJob(queue: Queue, { jobId, source }: Job): Promise<void> {
  await queue.send({ kind: 'job', jobId, source }).catch((error: unknown) => {
    logger.warn('queue', { job_id: jobId, cause: describeCause(error) });
  });
}

function jobOf(source: Source, { deliveryId, tasks }: WebhookEvents, nowMs: number): Job {
  if (tasks.length > TASKS_MAX)
    throw new KmsError('KMS.0203', { detail: `Send at most ${TASKS_MAX} events in one delivery.` });
  for (const task of tasks) assertAllowed(source, task);
  const uniqueTasks = [...new Map(tasks.map((task) => [JSON.stringify(task), task])).values()];
  const id = deliveryId ?? randomBytes(16).toString('hex');
  return {
    jobId: sha256Hex(`${source.name}\n${id}`).slice(0, 32),
    source: source.name,
    deliveryId: id,
    receivedAtMs: nowMs,
    projectIds: source.projectIds,
    tasks: uniqueTasks,
    state: initialState(tasks),
    revision: 0,
    dueAtMs: nowMs + START_TIMEOUT_MS,
    failedAttempts: 0,
    revoked: 0,
    leftovers: [],
    unmapped: [],
  };
}

const initialState = (tasks: readonly Task[]) =>
  tasks.every(({ action }) => action === 'ignore') ? 'ignored' : 'queued';

/** @throws KmsError KMS.0307 */
function assertAllowed({ projectIds, actions }: Source, { action, type, projectId }: Task): void {
  if (action === 'ignore') return;
  if (!actions.some((allowed) => allowed === type)) {
    throw new KmsError('KMS.0307', { detail: `The setting HOOKS does not allow ${type} for this source.` });
  }
  if (projectId !== undefined && !projectIds.includes(projectId)) {
    throw new KmsError('KMS.0307', { detail: 'The setting HOOKS does not list that project for this source.' });
  }
}
