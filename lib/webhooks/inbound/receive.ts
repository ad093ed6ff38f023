import type { RequestTrace } from '../../domain/request-context.ts';
import { KmsError } from '../../errors.ts';
import { Reply } from '../../http/reply.ts';
import { describeCause, logger } from '../../logger.ts';
import type { Queue } from '../../queue/queue.ts';
import { SignatureError, UNVERIFIED } from '../../signing/signed-request.ts';
import type { ReceiverStore } from '../../store/store.ts';
import type { HooksSettings } from '../hooks.ts';
import type { Adapter, WebhookEvents, WebhookRequest } from './adapter.ts';
import { unreadable } from './event-tasks.ts';
import { initialState, recordDelivery } from './record.ts';
import type { Source } from './source.ts';
import type { SourceKinds } from './sources.ts';

interface ReceiveDependencies {
  config: HooksSettings;
  store: ReceiverStore;
  queue: Pick<Queue, 'send'>;
  now: () => number;
}

/**
 * Receives a webhook: verifies that its source sent it, and stores the jobs for its events before it returns: one, or
 * several if they do not fit into one. A repeated delivery gets the same reply and starts nothing.
 * @param kinds the kinds of sources that send to this route
 * @param name the source's name in the URL
 * @returns the body of the reply, or a Reply in the form that the source requires
 * @throws KmsError APIGW.0301 for an unknown source or a wrong signature, KMS.0215 for a GET that is no handshake,
 *   KMS.0104 for too many open jobs, KMS.0307 for an event that the source may not send, KMS.0308 for a used delivery
 *   id with another body, and those of the adapter for a malformed one
 */
export async function receiveWebhook(
  dependencies: ReceiveDependencies,
  kinds: SourceKinds,
  { name, request, trace }: { name: string; request: WebhookRequest; trace: RequestTrace },
): Promise<object> {
  const { adapter, source } = await verifiedSource(dependencies, kinds, { name, request, trace });
  const handshake = await adapter.handshake?.(request, source);
  if (handshake) return handshake;
  if (request.method === 'GET') throw new KmsError('KMS.0215', { detail: 'Send webhooks with POST.' });

  const events = { content: request.body, ...eventsOf(adapter, request, source) };
  const reply = adapter.reply?.(request);
  const jobs = await recordDelivery(dependencies, source, events, adapter);
  const [{ jobId }] = jobs;
  trace.jobId = jobId;
  if (reply) {
    const { status, body = '', contentType } = reply;
    const headers = { 'x-job-id': jobId, ...(contentType && { 'content-type': contentType }) };
    return new Reply(body, { status, headers });
  }
  const state = initialState(jobs.flatMap(({ tasks }) => tasks));
  return { job_id: jobId, state, ...(jobs.length > 1 && { job_ids: jobs.map((job) => job.jobId) }) };
}

/**
 * Returns the source that sent the request. An unknown source and a wrong signature get the same reply, so that clients
 * cannot probe for names of sources.
 * @throws KmsError APIGW.0301
 */
export async function verifiedSource(
  { config, store, now }: Pick<ReceiveDependencies, 'config' | 'store' | 'now'>,
  { adapters, sourcesOf }: SourceKinds,
  { name, request, trace }: { name: string; request: WebhookRequest; trace: RequestTrace },
): Promise<{ source: Source; adapter: Adapter }> {
  const source = (await sourcesOf({ config, store })()).get(name);
  // Not `name`: a client could write anything into the log with it.
  trace.source = source?.name;
  try {
    const adapter = source && adapters[source.kind];
    if (!adapter) throw new SignatureError('there is no such source');
    await adapter.verify(request, source, now());
    return { source, adapter };
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new KmsError('APIGW.0301', { detail: UNVERIFIED, cause: error });
  }
}

/**
 * Reads a verified delivery. Where the source would not send it again, one that cannot be read is kept, also one at
 * which this service fails: it would fail again.
 */
function eventsOf(adapter: Adapter, request: WebhookRequest, source: Source): WebhookEvents {
  try {
    return adapter.read(request, source);
  } catch (error) {
    if (!adapter.isSentOnce) throw error;
    const isRefusal = error instanceof KmsError;
    if (!isRefusal) logger.error('webhook', { source: source.name, cause: describeCause(error) });
    const reason = isRefusal ? error.message : 'This service has failed to read the delivery. See its log.';
    return { tasks: [unreadable('unreadable', reason, Buffer.from(request.body).toString())] };
  }
}
