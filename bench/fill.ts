import { randomBytes, randomUUID } from 'node:crypto';
import { parseConfig } from '../lib/config.ts';
import type { Operation } from '../lib/domain/model.ts';
import type { RequestContext } from '../lib/domain/request-context.ts';
import { createDemoOnFirstStart, type Demo } from '../local/demo.ts';
import { openServices } from '../local/open-services.ts';
import { settingsOf } from './service.ts';

export interface FilledKey {
  keyId: string;
  /** In the order in which they are listed. */
  grantIds: string[];
}

/** Grants under way at once; they share one commit. */
const BATCH = 500;
const GRANTEES = 1000;
const OPERATIONS: Operation[][] = [
  ['encrypt-data', 'decrypt-data'],
  ['create-datakey', 'decrypt-datakey'],
  ['describe-key', 'decrypt-data', 'retire-grant'],
];

/**
 * Makes the demo project, and keys with so many grants each, before the service starts: through the same authority and
 * store that it uses, without HTTP, so that the grants are what create-grant makes of them.
 * @param granteeOf whose the nth grant of a key is
 */
export async function fill(
  dataDir: string,
  sizes: readonly number[],
  granteeOf: (n: number) => string = oneOfMany(),
): Promise<{ demo: Demo; keys: FilledKey[] }> {
  const config = parseConfig(settingsOf(dataDir));
  const demo = await createDemoOnFirstStart(config);
  if (!demo) throw new Error(`${dataDir} is not empty`);
  const { authority, store } = await openServices(config);

  const createGrant = async (keyId: string, n: number): Promise<string> => {
    const { grant_id } = await authority.createGrant(contextOf(demo, 'create-grant'), {
      keyId,
      grantee: granteeOf(n),
      granteeType: 'user',
      operations: OPERATIONS[n % OPERATIONS.length] ?? [],
      name: `bench-${n}`,
    });
    return grant_id;
  };

  const keys: FilledKey[] = [];
  for (const size of sizes) {
    const ask = { alias: `bench-${keys.length}`, description: '', keySpec: 'AES_256', keyUsage: 'ENCRYPT_DECRYPT' };
    const { keyId } = await authority.createKey(contextOf(demo, 'create-key'), ask);
    const grantIds: string[] = [];
    while (grantIds.length < size) {
      const length = Math.min(BATCH, size - grantIds.length);
      const batch = Array.from({ length }, (_, index) => createGrant(keyId, grantIds.length + index));
      grantIds.push(...(await Promise.all(batch)));
    }
    keys.push({ keyId, grantIds: grantIds.sort() });
  }
  await store.close();
  return { demo, keys };
}

/** Grantees who take turns. */
function oneOfMany(): (n: number) => string {
  const grantees = Array.from({ length: GRANTEES }, () => randomBytes(16).toString('hex'));
  return (n) => grantees[n % GRANTEES] ?? '';
}

function contextOf({ project_id: projectId, users: [creator] }: Demo, action: string): RequestContext {
  if (!creator) throw new Error('the demo has no users');
  return {
    caller: { userId: creator.user_id, domainId: creator.domain_id, projectId, roles: [creator.role] },
    projectId,
    channel: 'admin',
    requestId: randomUUID(),
    action,
    body: new Uint8Array(),
  };
}
