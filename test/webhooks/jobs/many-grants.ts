/** A data folder in which one principal holds many grants on many keys, among those of others, made before a start. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { parseConfig } from '../../../lib/config.ts';
import type { RequestContext } from '../../../lib/domain/request-context.ts';
import { createDemoOnFirstStart, type Demo } from '../../../local/demo.ts';
import { openServices } from '../../../local/open-services.ts';

/** Limits that do not come into play. */
export const LARGE = { GRANTS_PER_KEY: '1000000', KEYS_PER_PROJECT: '1000' };

export interface Filled {
  demo: Demo;
  keyIds: string[];
  principal: string;
  /** Of somebody else, on the same keys. */
  others: string[];
  /** Its settings, for the process that is to serve it. */
  env: Record<string, string>;
  /** A delivery of the source, signed by the package that the standard brings. */
  signed(body: object): { headers: Record<string, string>; body: string };
}

const AT_ONCE = 500;

/**
 * @param size how many keys, how many grants of the principal on each, and how many of others
 * @param source more of the source `hr`, which may do everything in the demo project
 */
export async function fillPrincipal(
  dataDir: string,
  size: { keys: number; each: number; others: number },
  env: Record<string, string> = {},
): Promise<Filled> {
  const config = parseConfig({ DATA_DIR: dataDir, ...LARGE, ...env });
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
  const grant = async (keyId: string, grantee: string) => {
    const ask = { keyId, grantee, granteeType: 'user', operations: ['encrypt-data', 'decrypt-data'] } as const;
    return (await authority.createGrant(contextOf('create-grant'), ask)).grant_id;
  };
  const keyIds: string[] = [];
  for (let n = 0; n < size.keys; n += 1) {
    const ask = { alias: `filled-${n}`, description: '', keySpec: 'AES_256', keyUsage: 'ENCRYPT_DECRYPT' };
    keyIds.push((await authority.createKey(contextOf('create-key'), ask)).keyId);
  }
  const wanted = keyIds.flatMap((keyId) => [
    ...Array.from({ length: size.each }, () => ({ keyId, grantee: principal })),
    ...Array.from({ length: size.others }, () => ({ keyId, grantee: randomBytes(16).toString('hex') })),
  ]);
  const others: string[] = [];
  while (wanted.length > 0) {
    const part = wanted.splice(0, AT_ONCE);
    const ids = await Promise.all(part.map(({ keyId, grantee }) => grant(keyId, grantee)));
    others.push(...ids.filter((_, n) => part[n]?.grantee !== principal));
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
    others: others.sort(),
    env: { ...LARGE, ...env, HOOKS: `file:${hooks}` },
    signed(event) {
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
