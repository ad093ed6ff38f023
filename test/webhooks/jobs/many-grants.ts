/** A data folder, prepared before the service starts, with a principal who has many grants on many keys. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { parseConfig } from '../../../lib/config.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { createDemoOnFirstStart, type Demo } from '../../../local/demo.ts';
import { openServices } from '../../../local/open-services.ts';
import { useRealCost } from '../../support/cheap-passwords.ts';

/** High enough for every test here. */
const QUOTAS = { GRANTS_PER_KEY: '1000000', KEYS_PER_PROJECT: '1000' };

export interface ManyGrants {
  demo: Demo;
  keyIds: string[];
  principal: string;
  /** The ids of the grants that other principals have on the same keys, sorted. */
  otherGrantIds: string[];
  /** Settings for the process that serves the folder. */
  env: Record<string, string>;
  /** Signs an event of the source `hr` with the reference library of Standard Webhooks. */
  signEvent(body: object): { headers: Record<string, string>; body: string };
}

const CONCURRENT_GRANTS = 500;

/** Creates the demo project in the folder, the keys and grants, and a source `hr` that may do everything there. */
export async function createManyGrants(
  dataDir: string,
  size: { keys: number; grantsPerKey: number; otherGrantsPerKey: number },
): Promise<ManyGrants> {
  useRealCost();
  const config = parseConfig({ DATA_DIR: dataDir, ...QUOTAS });
  const demo = (await createDemoOnFirstStart(config)) as Demo;
  const { authority, store } = await openServices(config);
  const principal = randomBytes(16).toString('hex');
  const [creator] = demo.users;
  const contextOf = (action: string): RequestContext => ({
    caller: { userId: creator?.user_id ?? '', domainId: creator?.domain_id ?? '', roles: [] },
    projectId: demo.project_id,
    channel: 'admin',
    requestId: randomBytes(16).toString('hex'),
    action,
    body: new Uint8Array(),
  });
  const createGrant = async (keyId: string, grantee: string) => {
    const input = { keyId, grantee, granteeType: 'user', operations: ['encrypt-data', 'decrypt-data'] } as const;
    return (await authority.createGrant(contextOf('create-grant'), input)).grant_id;
  };
  const keyIds: string[] = [];
  for (let n = 0; n < size.keys; n += 1) {
    const input = { alias: `many-grants-${n}`, description: '', keySpec: 'AES_256', keyUsage: 'ENCRYPT_DECRYPT' };
    keyIds.push((await authority.createKey(contextOf('create-key'), input)).keyId);
  }
  const planned = keyIds.flatMap((keyId) => [
    ...Array.from({ length: size.grantsPerKey }, () => ({ keyId, grantee: principal })),
    ...Array.from({ length: size.otherGrantsPerKey }, () => ({ keyId, grantee: randomBytes(16).toString('hex') })),
  ]);
  const otherGrantIds: string[] = [];
  while (planned.length > 0) {
    const batch = planned.splice(0, CONCURRENT_GRANTS);
    const ids = await Promise.all(batch.map(({ keyId, grantee }) => createGrant(keyId, grantee)));
    otherGrantIds.push(...ids.filter((_, index) => batch[index]?.grantee !== principal));
  }
  await store.close();

  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const actions = ['principal.disabled', 'grant.revoke', 'key.compromised'];
  const sources = { hr: { kind: 'standard', secrets: [secret], projects: [demo.project_id], actions } };
  const hooks = join(dataDir, 'hooks.json');
  writeFileSync(hooks, JSON.stringify(sources), { mode: 0o600 });
  const webhook = new Webhook(secret);
  return {
    demo,
    keyIds,
    principal,
    otherGrantIds: otherGrantIds.sort(),
    env: { ...QUOTAS, HOOKS: `file:${hooks}` },
    signEvent(event) {
      const body = JSON.stringify(event);
      const [id, now] = [`msg_${randomBytes(12).toString('hex')}`, new Date()];
      return {
        body,
        headers: {
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
          'webhook-signature': webhook.sign(id, now, body),
        },
      };
    },
  };
}
