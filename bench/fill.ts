import { randomBytes, randomUUID } from 'node:crypto';
import { parseConfig } from '../lib/config.ts';
import type { Operation } from '../lib/domain/model.ts';
import type { RequestContext } from '../lib/domain/request-context.ts';
import { createDemoOnFirstStart, type Demo } from '../local/demo.ts';
import { openServices } from '../local/open-services.ts';
import { settingsOf } from './service.ts';

export interface KeyWithGrants {
  keyId: string;
  /** In the order of list-grants. */
  grantIds: string[];
}

/** Grants that are created at the same time, in one commit. */
const BATCH_GRANTS = 500;
const GRANTEES = 1000;
const OPERATIONS: Operation[][] = [
  ['encrypt-data', 'decrypt-data'],
  ['create-datakey', 'decrypt-datakey'],
  ['describe-key', 'decrypt-data', 'retire-grant'],
];

/**
 * Creates the demo project and keys with grants, before the service starts. It calls the authority without HTTP, so the
 * grants are the same as those of create-grant.
 * @param sizes number of grants of each key
 * @param granteeOf returns the grantee of the nth grant of a key
 */
export async function createKeysWithGrants(
  dataDir: string,
  sizes: readonly number[],
  granteeOf: (n: number) => string = randomGrantees(),
): Promise<{ demo: Demo; keys: KeyWithGrants[] }> {
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

  const keys: KeyWithGrants[] = [];
  for (const size of sizes) {
    const keyFields = {
      alias: `bench-${keys.length}`,
      description: '',
      keySpec: 'AES_256',
      keyUsage: 'ENCRYPT_DECRYPT',
    };
    const { keyId } = await authority.createKey(contextOf(demo, 'create-key'), keyFields);
    const grantIds: string[] = [];
    while (grantIds.length < size) {
      const length = Math.min(BATCH_GRANTS, size - grantIds.length);
      const batch = Array.from({ length }, (_, index) => createGrant(keyId, grantIds.length + index));
      grantIds.push(...(await Promise.all(batch)));
    }
    keys.push({ keyId, grantIds: grantIds.sort() });
  }
  await store.close();
  return { demo, keys };
}

function randomGrantees(): (n: number) => string {
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
