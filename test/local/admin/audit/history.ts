/** The data that the audit tests write: a store with items of every kind, and a random history of changes. */
import { deleteDueKeys } from '../../../../lib/authority/standalone/key-deletion.ts';
import { standalone } from '../../../../lib/authority/standalone/standalone.ts';
import type { Grant, Operation } from '../../../../lib/domain/model.ts';
import { KmsError } from '../../../../lib/errors.ts';
import type { Store } from '../../../../lib/store/store.ts';
import { grantInput, keyInput, requestContext } from '../../../authority/standalone/fixture.ts';
import {
  CREATOR,
  changeKeyState,
  commitAll,
  createGrant,
  createKey,
  DISABLED,
  DOMAIN,
  FOREIGN_PROJECT,
  GRANTEE,
  keyId,
  NOW_MS,
  PENDING,
  PROJECT,
  RETIRER,
  removeGrant,
  removeKey,
  testGrant,
  testKey,
} from '../../../contract/fixtures.ts';

export const ACCESS_KEY = 'A1B2C3D4E5F6G7H8I9J0';
const DUE_MS = NOW_MS + 604_800_000;

/** The id of the nth event that a test file writes: 2026-11-22T06:00:00Z in hex, then n. */
export const eventId = (n: number) => `01a201d70b00${n.toString(16).padStart(20, '0')}`;

const enabled = true;
const passwordHash = 'scrypt:none';

export async function fillDirectory({ directory }: Store): Promise<void> {
  const domain = { domainId: DOMAIN, name: 'acme' };
  await directory.addProject({ projectId: PROJECT, domainId: DOMAIN, name: 'reports' }, domain);
  await directory.addProject({ projectId: FOREIGN_PROJECT, domainId: DOMAIN, name: 'orders' });
  const role = { projectId: PROJECT, role: 'te_admin' };
  await directory.addUser({ userId: CREATOR, domainId: DOMAIN, name: 'alice', passwordHash, enabled }, role);
  await directory.addUser({ userId: GRANTEE, domainId: DOMAIN, name: 'bob', passwordHash, enabled });
  await directory.addRole(CREATOR, FOREIGN_PROJECT, 'te_admin');
  const accessKey = { accessKey: ACCESS_KEY, userId: CREATOR, sealedSecret: new Uint8Array([1, 2, 3]), enabled };
  await directory.addAccessKey(accessKey, NOW_MS);
}

/** To a user, with a retiring principal. */
export const G1 = testGrant(1, { operations: ['encrypt-data', 'retire-grant'], retiring_principal: RETIRER });
/** To a domain that may retire it. */
export const G2 = testGrant(2, {
  grantee_principal: DOMAIN,
  grantee_principal_type: 'domain',
  operations: ['describe-key', 'retire-grant'],
});
/** Revoked. */
export const G3 = testGrant(3);
/** On a key that is deleted; removed with the key. */
const G4 = testGrant(4, { key_id: keyId(4) });

/**
 * Writes key 1 (enabled, two grants and a revoked one), key 2 (disabled), key 3 (deletion scheduled), key 4 (deleted
 * with its grant) and key 5 (in the other project), in 15 events.
 */
export async function fillKeys(store: Store): Promise<void> {
  const due = { state: PENDING, deletionAtMs: DUE_MS };
  await commitAll(store, [
    createKey(testKey(1)),
    createKey(testKey(2, { keySpec: 'SM4' })),
    createKey(testKey(3)),
    createKey(testKey(4)),
    createKey(testKey(5, { projectId: FOREIGN_PROJECT })),
    createGrant(G1),
    createGrant(G2),
    createGrant(G3),
    createGrant(G4),
    removeGrant(G3),
    changeKeyState(testKey(2), DISABLED),
    changeKeyState(testKey(3), PENDING, DUE_MS),
    changeKeyState(testKey(4), PENDING, DUE_MS),
    removeGrant(G4),
    removeKey(testKey(4, due)),
  ]);
}

/** The clock advances by this much in each round: a scheduled deletion happens after 21 rounds. */
const ROUND_MS = 8 * 3_600_000;
const OPERATIONS: Operation[][] = [
  ['describe-key'],
  ['create-grant', 'encrypt-data', 'retire-grant'],
  ['retire-grant', 'decrypt-data'],
];

/**
 * Makes random changes of all kinds by several users at the same time; some are rejected, as they must be. At the end
 * there is at least one key with a grant.
 */
export async function makeRandomChanges(store: Store, rounds: number): Promise<void> {
  const clock = { nowMs: NOW_MS };
  const authorityWith = (keysPerProject: number) =>
    standalone(store, { grantsPerKey: 12, keysPerProject, pageCacheChars: 0, now: () => clock.nowMs });
  const authority = authorityWith(5);
  const contextOf = (userId: string, action: string) => requestContext(action, { userId });
  const randomBelow = (n: number) => Math.floor(Math.random() * n);

  async function someGrant(): Promise<Grant | undefined> {
    const { keys } = await store.grants.listKeys(PROJECT, {}, { limit: 10 });
    const key = keys[randomBelow(keys.length)];
    const grants: Grant[] = key ? JSON.parse((await store.grants.listGrants(key, {}, { limit: 100 })).json) : [];
    return grants[randomBelow(grants.length)];
  }

  async function change(nth: number): Promise<unknown> {
    const { keys } = await store.grants.listKeys(PROJECT, {}, { limit: 10 });
    const id = keys[randomBelow(keys.length)]?.keyId ?? '';
    const grant = await someGrant();
    const operations = OPERATIONS[randomBelow(3)] ?? [];
    switch (randomBelow(16)) {
      case 0:
        return authority.createKey(contextOf(CREATOR, 'create-key'), keyInput(`random-${nth}`));
      case 1:
        return authority.disableKey(contextOf(CREATOR, 'disable-key'), id);
      case 2:
        return authority.enableKey(contextOf(CREATOR, 'enable-key'), id);
      case 3:
        return authority.scheduleKeyDeletion(contextOf(CREATOR, 'schedule-key-deletion'), id, 7);
      case 4:
        return authority.cancelKeyDeletion(contextOf(CREATOR, 'cancel-key-deletion'), id);
      case 5:
        return grant && authority.revokeGrant(contextOf(CREATOR, 'revoke-grant'), grant.key_id, grant.grant_id);
      case 6:
        return grant && authority.retireGrant(contextOf(RETIRER, 'retire-grant'), grant.key_id, grant.grant_id);
      case 7:
        return authority.createGrant(contextOf(GRANTEE, 'create-grant'), grantInput(id, { grantee: RETIRER }));
      case 8: {
        const toDomain = { grantee: DOMAIN, granteeType: 'domain', retiringPrincipal: RETIRER } as const;
        return authority.createGrant(contextOf(CREATOR, 'create-grant'), grantInput(id, { ...toDomain, operations }));
      }
      default:
        return authority.createGrant(
          contextOf(CREATOR, 'create-grant'),
          grantInput(id, { operations, name: `random-${nth}` }),
        );
    }
  }

  for (let round = 0; round < rounds; round += 1) {
    const results = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => change(8 * round + index)));
    const rejected = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    for (const { reason } of rejected) if (!(reason instanceof KmsError) || reason.code === 'KMS.0101') throw reason;
    clock.nowMs += ROUND_MS;
    await deleteDueKeys(store.grants, () => clock.nowMs);
  }
  const last = authorityWith(100);
  const key = await last.createKey(contextOf(CREATOR, 'create-key'), keyInput('last'));
  await last.createGrant(
    contextOf(CREATOR, 'create-grant'),
    grantInput(key.keyId, { operations: ['retire-grant', 'encrypt-data'] }),
  );
}
