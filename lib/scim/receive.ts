/** Receives a SCIM request: verifies the token of its source, and serves it. */
import type { Config } from '../config.ts';
import type { RequestTrace } from '../domain/request-context.ts';
import { publicUrlOf } from '../http/public-url.ts';
import { Reply } from '../http/reply.ts';
import { SCIM_CONTENT_TYPE } from '../http/scim-error.ts';
import type { Queue } from '../queue/queue.ts';
import type { SignableRequest } from '../signing/signed-request.ts';
import type { ReceiverStore, Store } from '../store/store.ts';
import type { HooksSettings } from '../webhooks/hooks.ts';
import { verifiedSource } from '../webhooks/inbound/receive.ts';
import { recordDelivery } from '../webhooks/inbound/record.ts';
import { serveScim } from './server.ts';
import { SCIM } from './sources.ts';

interface ReceiveDependencies {
  config: HooksSettings & Pick<Config, 'publicUrl'>;
  store: ReceiverStore & Pick<Store, 'scim' | 'mappings'>;
  queue: Pick<Queue, 'send'>;
  now: () => number;
}

interface Received {
  /** The source's name in the URL. */
  name: string;
  /** The part of the URL's path that follows the name of the source, decoded. */
  path: string;
  request: SignableRequest;
  trace: RequestTrace;
}

/** @throws KmsError APIGW.0301 for an unknown source or a wrong token, and those of `serveScim` */
export async function receiveScim(
  dependencies: ReceiveDependencies,
  { name, path, request, trace }: Received,
): Promise<Reply> {
  const { config, store, now } = dependencies;
  const { source } = await verifiedSource(dependencies, SCIM, { name, request, trace });
  const { status, body, headers, jobId } = await serveScim(
    {
      source,
      store,
      now,
      baseUrl: `${publicUrlOf(config, request)}/hooks/${source.name}`,
      async startJob(tasks) {
        const [job] = await recordDelivery(dependencies, source, { tasks, content: JSON.stringify(tasks) });
        trace.jobId = job.jobId;
        return job.jobId;
      },
    },
    { ...request, path },
  );
  return new Reply(body ?? '', {
    status,
    headers: {
      ...(body && { 'content-type': SCIM_CONTENT_TYPE }),
      ...headers,
      ...(jobId !== undefined && { 'x-job-id': jobId }),
    },
  });
}
