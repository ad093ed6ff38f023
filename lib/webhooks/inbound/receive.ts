/** The way of a hook: who sent it, what it says, may it say that, and a job that is kept before it is answered. */
import { randomBytes } from 'node:crypto';
import type { Job, Task } from '../../domain/job.ts';
import type { RequestTrace } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { Reply } from '../../http/reply.ts';
import { describeCause, logger } from '../../logger.ts';
import type { Queue } from '../../queue/queue.ts';
import type { Services } from '../../services.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import { SignatureError } from '../../signing/signed-request.ts';
import type { WebhookEvents, WebhookRequest } from './adapter.ts';
import { ADAPTERS } from './adapters.ts';
import { type Source, sourcesOf } from './sources.ts';

/** A job that nobody works on by then has been lost sight of. */
const BEGUN_MS = 60_000;

/** A job is kept as one item of the store. */
const TASKS_MAX = 500;

/**
 * Takes a hook in. It is answered once its job is durable; the same delivery again gets the same answer.
 * @param name of the source, as the URL has it
 * @throws KmsError APIGW.0301 for whoever does not prove to be the source, KMS.0307 for what the source may not do
 */
export async function receiveWebhook(
  services: Services,
  { name, request, trace }: { name: string; request: WebhookRequest; trace: RequestTrace },
): Promise<object> {
  const { store, queue, now } = services;
  const sources = await sourcesOf(services)();
  // Of a name that is known, and not of one that somebody has made up.
  trace.source = sources.get(name)?.name;
  const source = await verified(sources.get(name), request, now());
  const adapter = ADAPTERS[source.kind];
  const greeting = adapter.handshake?.(request);
  if (greeting) return greeting;
  if (request.method === 'GET') throw new KmsError('KMS.0215', { detail: 'Send hooks by POST.' });

  const delivery = adapter.read(request);
  const job = jobOf(source, delivery, now());
  trace.jobId = job.jobId;
  const answer = adapter.reply?.(request);
  const first = await store.jobs.add(job);
  // A repeat too: the first may have died just before this.
  if ((first ?? job).state === 'queued') await begin(queue, job);
  if (answer) return new Reply(answer.body ?? '', { status: answer.status, headers: { 'x-job-id': job.jobId } });
  return { job_id: job.jobId, state: stateOf((first ?? job).tasks) };
}

async function verified(source: Source | undefined, request: WebhookRequest, nowMs: number): Promise<Source> {
  try {
    if (!source) throw new SignatureError('there is no such source');
    await ADAPTERS[source.kind].verify(request, source.secrets, nowMs);
    return source;
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new KmsError('APIGW.0301', { detail: 'No source has signed this.', cause: error });
  }
}

/** Its job is kept: where the queue does not take it now, it is found a little later. */
async function begin(queue: Queue, { jobId }: Job): Promise<void> {
  await queue.send({ kind: 'job', jobId }).catch((error: unknown) => {
    logger.warn('queue', { job_id: jobId, cause: describeCause(error) });
  });
}

function jobOf(source: Source, { deliveryId, tasks }: WebhookEvents, nowMs: number): Job {
  if (tasks.length > TASKS_MAX) throw new KmsError('KMS.0203', { detail: `At most ${TASKS_MAX} events at once.` });
  for (const one of tasks) assertMay(source, one);
  // The same said twice is to be done once.
  const different = [...new Map(tasks.map((one) => [JSON.stringify(one), one])).values()];
  const id = deliveryId ?? randomBytes(16).toString('hex');
  return {
    jobId: sha256Hex(`${source.name}\n${id}`).slice(0, 32),
    source: source.name,
    deliveryId: id,
    receivedAtMs: nowMs,
    projectIds: source.projectIds,
    tasks: different,
    state: stateOf(tasks),
    revision: 0,
    dueAtMs: nowMs + BEGUN_MS,
    failedAttempts: 0,
    revoked: 0,
    leftovers: [],
    unmapped: [],
  };
}

const stateOf = (tasks: readonly Task[]) => (tasks.every(({ action }) => action === 'ignore') ? 'ignored' : 'queued');

/** @throws KmsError KMS.0307 */
function assertMay({ projectIds, actions }: Source, { action, type, projectId }: Task): void {
  if (action === 'ignore') return;
  if (!actions.some((allowed) => allowed === type)) {
    throw new KmsError('KMS.0307', { detail: `This source may not say ${type}.` });
  }
  if (projectId !== undefined && !projectIds.includes(projectId)) {
    throw new KmsError('KMS.0307', { detail: 'This source may not act on that project.' });
  }
}
