import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseConfig } from '../../lib/config.ts';
import type { NewAccessKey } from '../../lib/identity/accounts.ts';
import { unseal } from '../../lib/identity/seal.ts';
import type { Queue } from '../../lib/queue/queue.ts';
import { createServices } from '../../lib/services.ts';
import type { Store } from '../../lib/store/store.ts';
import { openAuditedStore } from '../support/audited-store.ts';

const OLD = new Uint8Array(32).fill(1);
const NEW = new Uint8Array(32).fill(2);
const LOST = new Uint8Array(32).fill(3);

let store: Store;
let accessKeys: NewAccessKey[];
beforeEach(async () => {
  store = await openAuditedStore();
  const { accounts } = servicesWith([OLD]);
  const { project } = await accounts.createProject('here', 'acme');
  const user = await accounts.createUser(project.projectId, 'ann', 'KMS Administrator');
  accessKeys = [await accounts.createAccessKey(user.user_id), await accounts.createAccessKey(user.user_id)];
});
afterEach(() => store.close());

/** Services with these root keys, the newest first. */
const servicesWith = (keys: Uint8Array[]) =>
  createServices(parseConfig({}), { store, queue: {} as Queue, rootKeys: async () => keys });

async function decryptedSecrets(keys: Uint8Array[]): Promise<string[]> {
  const stored = await store.directory.accessKeys();
  return stored.map(({ accessKey, sealedSecret }) => unseal(keys, sealedSecret, accessKey)).sort();
}

test('after resealing, the new root key alone decrypts every secret key, and the old one none', async () => {
  expect(await servicesWith([NEW, OLD]).accounts.resealAccessKeys()).toBe(2);
  expect(await decryptedSecrets([NEW])).toEqual(accessKeys.map(({ secret_key }) => secret_key).sort());
  await expect(decryptedSecrets([OLD])).rejects.toThrow('no root key decrypts this secret key');
});

test('with two root keys, a new secret key is encrypted with the newer one', async () => {
  const [user] = await store.directory.users();
  const { access_key, secret_key } = await servicesWith([NEW, OLD]).accounts.createAccessKey(user?.userId ?? '');
  const stored = await store.directory.accessKey(access_key);
  expect(unseal([NEW], stored?.sealedSecret ?? new Uint8Array(), access_key)).toBe(secret_key);
});

test('a secret key that no root key decrypts is reported and unchanged, and all others are resealed', async () => {
  const [user] = await store.directory.users();
  const lost = await servicesWith([LOST]).accounts.createAccessKey(user?.userId ?? '');
  const before = await store.directory.accessKey(lost.access_key);
  await expect(servicesWith([NEW, OLD]).accounts.resealAccessKeys()).rejects.toThrow(
    new RegExp(`^2 resealed; .*: ${lost.access_key}$`),
  );
  expect(await store.directory.accessKey(lost.access_key)).toEqual(before);
  for (const { access_key, secret_key } of accessKeys) {
    const stored = await store.directory.accessKey(access_key);
    expect(unseal([NEW], stored?.sealedSecret ?? new Uint8Array(), access_key)).toBe(secret_key);
  }
});
