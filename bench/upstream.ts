/** What it costs to stand in front of another KMS: the same calls, straight to one and through the service. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Round } from './client.ts';
import type { FilledKey } from './fill.ts';
import { type Asking, listRound, middlePage, revokeRound } from './loads.ts';
import { type Running, startService } from './service.ts';

/** The same load, straight to the KMS and, right after it, through the service in front of it. */
export interface UpstreamTurn {
  what: string;
  straight: Round;
  through: Round;
}

/** Starts the service in front of another one that plays the cloud, its tokens checked by that one too. */
export async function startFront(dataDir: string, cloud: Running): Promise<Running> {
  const folder = join(dataDir, 'front');
  mkdirSync(folder);
  const endpoint = `http://127.0.0.1:${cloud.port}`;
  return startService(folder, {
    AUTHORITY: 'upstream',
    KMS_ENDPOINT: endpoint,
    KMS_CREDENTIALS: 'caller',
    // A limit that is never met here.
    KMS_RATE_PER_SECOND: '1000',
    IDENTITY: 'keystone',
    IAM_ENDPOINT: endpoint,
    TOKEN_CACHE_SECONDS: '300',
  });
}

/**
 * One call after the other: what each call takes is wanted, not how many there can be.
 * @param key to revoke from; half of the grants go each way
 */
export async function upstreamTurns(
  cloud: Asking,
  front: Running,
  { listKey, key, grantIds, seconds }: { listKey: FilledKey; key: FilledKey; grantIds: string[]; seconds: number },
): Promise<UpstreamTurn[]> {
  const through: Asking = { ...cloud, service: front };
  const page = middlePage(cloud, listKey);
  const half = Math.floor(grantIds.length / 2);
  return [
    {
      what: 'list one page',
      straight: await listRound(cloud, page, 1, seconds),
      through: await listRound(through, page, 1, seconds),
    },
    {
      what: 'revoke',
      straight: await revokeRound(cloud, key, grantIds.slice(0, half), 1, seconds),
      through: await revokeRound(through, key, grantIds.slice(half), 1, seconds),
    },
  ];
}
