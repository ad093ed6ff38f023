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
let made: NewAccessKey[];
beforeEach(async () => {
  store = await openAuditedStore();
  const { accounts } = under([OLD]);
  const { project } = await accounts.createProject('here', 'acme');
  const user = await accounts.createUser(project.projectId, 'ann', 'KMS Administrator');
  made = [await accounts.createAccessKey(user.user_id), await accounts.createAccessKey(user.user_id)];
});
afterEach(() => store.close());

const under = (keys: Uint8Array[]) =>
  createServices(parseConfig({}), { store, queue: {} as Queue, rootKeys: async () => keys });

async function secretsUnder(keys: Uint8Array[]): Promise<string[]> {
  const found = await store.directory.accessKeys();
  return found.map(({ accessKey, sealedSecret }) => unseal(keys, sealedSecret, accessKey)).sort();
}

test('after resealing, the new root key alone opens every secret key, and the old one none', async () => {
  expect(await under([NEW, OLD]).accounts.resealAccessKeys()).toBe(2);
  expect(await secretsUnder([NEW])).toEqual(made.map(({ secret_key }) => secret_key).sort());
  await expect(secretsUnder([OLD])).rejects.toThrow('opens with none of the root keys');
});

test('what is sealed while two root keys are there is sealed under the newer', async () => {
  const [user] = await store.directory.users();
  const { access_key, secret_key } = await under([NEW, OLD]).accounts.createAccessKey(user?.userId ?? '');
  const found = await store.directory.accessKey(access_key);
  expect(unseal([NEW], found?.sealedSecret ?? new Uint8Array(), access_key)).toBe(secret_key);
});

test('one that opens with none of the root keys is named and left, and all others are resealed', async () => {
  const [user] = await store.directory.users();
  const lost = await under([LOST]).accounts.createAccessKey(user?.userId ?? '');
  const before = await store.directory.accessKey(lost.access_key);
  await expect(under([NEW, OLD]).accounts.resealAccessKeys()).rejects.toThrow(
    new RegExp(`^2 resealed; .*: ${lost.access_key}$`),
  );
  expect(await store.directory.accessKey(lost.access_key)).toEqual(before);
  for (const { access_key, secret_key } of made) {
    const found = await store.directory.accessKey(access_key);
    expect(unseal([NEW], found?.sealedSecret ?? new Uint8Array(), access_key)).toBe(secret_key);
  }
});
