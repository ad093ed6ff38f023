/** What the tests of the audits write: a store with something of every kind in it, and a busy history. */
import { deleteDueKeys } from '../../../../lib/authority/standalone/key-deletion.ts';
import { standalone } from '../../../../lib/authority/standalone/standalone.ts';
import type { Grant, Operation } from '../../../../lib/domain/model.ts';
import { KmsError } from '../../../../lib/errors.ts';
import type { Store } from '../../../../lib/store/store.ts';
import { grantAsk, keyAsk, requestContext } from '../../../authority/standalone/fixture.ts';
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
export const DUE_MS = NOW_MS + 604_800_000;

/** The nth event that a test file has written: 2026-11-22T06:00:00Z in hex, and its number. */
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

/** User to user, with someone to retire it. */
export const G1 = testGrant(1, { operations: ['encrypt-data', 'retire-grant'], retiring_principal: RETIRER });
/** To a domain that may retire it. */
export const G2 = testGrant(2, {
  grantee_principal: DOMAIN,
  grantee_principal_type: 'domain',
  operations: ['describe-key', 'retire-grant'],
});
/** Revoked. */
export const G3 = testGrant(3);
/** On a key that is deleted, and gone with it. */
export const G4 = testGrant(4, { key_id: keyId(4) });

/**
 * Key 1 enabled with two grants and one revoked, key 2 disabled, key 3 waiting for deletion, key 4 deleted with its
 * grant, key 5 in the other project. The events are the 1st to the 14th.
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

/** A key that waits for its deletion does so for 21 rounds. */
const ROUND_MS = 8 * 3_600_000;
const OPERATIONS: Operation[][] = [
  ['describe-key'],
  ['create-grant', 'encrypt-data', 'retire-grant'],
  ['retire-grant', 'decrypt-data'],
];

/**
 * Changes of all kinds by several people at once, in an order of chance; some are refused, as they should be. A key with
 * a grant is there at the end.
 */
export async function beBusy(store: Store, rounds: number): Promise<void> {
  const clock = { nowMs: NOW_MS };
  const over = (keysPerProject: number) =>
    standalone(store, { grantsPerKey: 12, keysPerProject, pageCacheChars: 0, now: () => clock.nowMs });
  const authority = over(5);
  const by = (userId: string, action: string) => requestContext(action, { userId });
  const chance = (n: number) => Math.floor(Math.random() * n);

  async function someGrant(): Promise<Grant | undefined> {
    const { keys } = await store.grants.listKeys(PROJECT, {}, { limit: 10 });
    const key = keys[chance(keys.length)];
    const grants: Grant[] = key ? JSON.parse((await store.grants.listGrants(key, {}, { limit: 100 })).json) : [];
    return grants[chance(grants.length)];
  }

  async function change(nth: number): Promise<unknown> {
    const { keys } = await store.grants.listKeys(PROJECT, {}, { limit: 10 });
    const id = keys[chance(keys.length)]?.keyId ?? '';
    const grant = await someGrant();
    const operations = OPERATIONS[chance(3)] ?? [];
    switch (chance(16)) {
      case 0:
        return authority.createKey(by(CREATOR, 'create-key'), keyAsk(`busy-${nth}`));
      case 1:
        return authority.disableKey(by(CREATOR, 'disable-key'), id);
      case 2:
        return authority.enableKey(by(CREATOR, 'enable-key'), id);
      case 3:
        return authority.scheduleKeyDeletion(by(CREATOR, 'schedule-key-deletion'), id, 7);
      case 4:
        return authority.cancelKeyDeletion(by(CREATOR, 'cancel-key-deletion'), id);
      case 5:
        return grant && authority.revokeGrant(by(CREATOR, 'revoke-grant'), grant.key_id, grant.grant_id);
      case 6:
        return grant && authority.retireGrant(by(RETIRER, 'retire-grant'), grant.key_id, grant.grant_id);
      case 7:
        return authority.createGrant(by(GRANTEE, 'create-grant'), grantAsk(id, { grantee: RETIRER }));
      case 8: {
        const toDomain = { grantee: DOMAIN, granteeType: 'domain', retiringPrincipal: RETIRER } as const;
        return authority.createGrant(by(CREATOR, 'create-grant'), grantAsk(id, { ...toDomain, operations }));
      }
      default:
        return authority.createGrant(by(CREATOR, 'create-grant'), grantAsk(id, { operations, name: `busy-${nth}` }));
    }
  }

  for (let round = 0; round < rounds; round += 1) {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, place) => change(8 * round + place)));
    const failed = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    for (const { reason } of failed) if (!(reason instanceof KmsError) || reason.code === 'KMS.0101') throw reason;
    clock.nowMs += ROUND_MS;
    await deleteDueKeys(store.grants, () => clock.nowMs);
  }
  const last = over(100);
  const key = await last.createKey(by(CREATOR, 'create-key'), keyAsk('last'));
  await last.createGrant(
    by(CREATOR, 'create-grant'),
    grantAsk(key.keyId, { operations: ['retire-grant', 'encrypt-data'] }),
  );
}
