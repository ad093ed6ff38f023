/** Measures the time that the service adds to calls to an upstream KMS. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Round } from './client.ts';
import type { KeyWithGrants } from './fill.ts';
import { type ApiClient, measureList, measureRevoke, middlePage } from './loads.ts';
import { type ServerProcess, startService } from './service.ts';

/** The results of the same load, sent to the upstream KMS and, right after it, through the service. */
export interface UpstreamComparison {
  what: string;
  direct: Round;
  throughService: Round;
}

/** Starts a service whose upstream KMS and IAM is another service. */
export async function startServiceOnUpstream(dataDir: string, upstream: ServerProcess): Promise<ServerProcess> {
  const folder = join(dataDir, 'on-upstream');
  mkdirSync(folder);
  const endpoint = `http://127.0.0.1:${upstream.port}`;
  return startService(folder, {
    AUTHORITY: 'upstream',
    KMS_ENDPOINT: endpoint,
    KMS_CREDENTIALS: 'caller',
    // Higher than the load, so that it never delays a call.
    KMS_RATE_PER_SECOND: '1000',
    IDENTITY: 'keystone',
    IAM_ENDPOINT: endpoint,
    TOKEN_CACHE_SECONDS: '300',
  });
}

/**
 * Measures latency, so it sends one call after the other.
 * @param client client of the upstream KMS
 * @param service the service in front of it
 * @param load.grantIds grants of `key` to revoke; half of them directly
 */
export async function compareWithUpstream(
  client: ApiClient,
  service: ServerProcess,
  {
    listKey,
    key,
    grantIds,
    seconds,
  }: { listKey: KeyWithGrants; key: KeyWithGrants; grantIds: string[]; seconds: number },
): Promise<UpstreamComparison[]> {
  const serviceClient: ApiClient = { ...client, service };
  const page = middlePage(client, listKey);
  const half = Math.floor(grantIds.length / 2);
  return [
    {
      what: 'list one page',
      direct: await measureList(client, page, 1, seconds),
      throughService: await measureList(serviceClient, page, 1, seconds),
    },
    {
      what: 'revoke',
      direct: await measureRevoke(client, key, grantIds.slice(0, half), 1, seconds),
      throughService: await measureRevoke(serviceClient, key, grantIds.slice(half), 1, seconds),
    },
  ];
}
