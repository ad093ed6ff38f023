import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deleteDueKeys } from '../../../lib/authority/standalone/key-deletion.ts';
import type { GrantStore } from '../../../lib/store/store.ts';
import {
  CREATOR,
  codeOf,
  DAY_MS,
  DOMAIN,
  GRANTEE,
  grantInput,
  interleaved,
  keyInput,
  openStandaloneFixture,
  PROJECT,
  requestContext,
  type StandaloneFixture,
} from './fixture.ts';

const WEEK_MS = 7 * DAY_MS;

let fixture: StandaloneFixture;
let keyId: string;
let grantIds: string[];

beforeEach(async () => {
  fixture = await openStandaloneFixture({ grantsPerKey: 2000, keysPerProject: 2 });
  ({ keyId } = await fixture.authority.createKey(requestContext('create-key'), keyInput('orders')));
  grantIds = await createGrants(5);
});
afterEach(() => fixture.close());

async function createGrants(count: number): Promise<string[]> {
  const input = grantInput(keyId, { operations: ['retire-grant', 'describe-key'] });
  const created: { grant_id: string }[] = [];
  while (created.length < count) {
    const batch = Array.from({ length: Math.min(50, count - created.length) });
    created.push(
      ...(await Promise.all(batch.map(() => fixture.authority.createGrant(requestContext('create-grant'), input)))),
    );
  }
  return created.map(({ grant_id }) => grant_id).sort();
}

const schedule = () => fixture.authority.scheduleKeyDeletion(requestContext('schedule-key-deletion'), keyId, 7);
const cancel = () => fixture.authority.cancelKeyDeletion(requestContext('cancel-key-deletion'), keyId);
const runDeletion = (grants = fixture.store.grants) => deleteDueKeys(grants, () => fixture.clock.nowMs);
const retirable = async (userId: string) => {
  const page = await fixture.authority.listRetirableGrants(requestContext('list-retirable-grants', { userId }), {
    limit: 1000,
  });
  expect(JSON.parse(page.json)).toHaveLength(page.total);
  return page.total;
};

/** Returns a store that writes `n` changes and then throws, like a process that is killed at that point. */
function endingAfter(n: number): GrantStore {
  const { grants } = fixture.store;
  const written: Promise<unknown>[] = [];
  return {
    ...grants,
    async commit(...change) {
      if (written.length === n) {
        await Promise.all(written);
        throw new Error('the process ended');
      }
      const outcome = grants.commit(...change);
      written.push(outcome);
      return outcome;
    },
  };
}

test('before the deletion date, a scheduled key and its grants are not deleted', async () => {
  await schedule();
  fixture.clock.nowMs += WEEK_MS - 1;
  expect(await runDeletion()).toBe(0);
  expect(await fixture.grantsOf(keyId)).toHaveLength(5);
});

test('a key that is due is deleted with its grants; the key and each grant get an event, with the grant as it was', async () => {
  const before = await fixture.grantsOf(keyId);
  await schedule();
  fixture.clock.nowMs += WEEK_MS + DAY_MS;
  expect(await runDeletion()).toBe(1);
  expect(await codeOf(fixture.authority.describeKey(requestContext('describe-key'), keyId))).toBe('KMS.0207');
  const events = (await fixture.store.events.list(PROJECT, { keyId }, 6)).reverse();
  expect(events.map(({ action, channel, actor }) => `${action} ${channel} ${actor}`)).toEqual(
    Array(6).fill('delete-key deletion kms-grants'),
  );
  const recorded = events.flatMap(({ grant }) => grant ?? []);
  expect(recorded.toSorted((a, b) => (a.grant_id < b.grant_id ? -1 : 1))).toEqual(before);
  expect(events.filter(({ grant }) => grant === undefined)).toHaveLength(1);
});

test('the event of the deleted key is newer than those of its grants', async () => {
  await schedule();
  fixture.clock.nowMs += WEEK_MS + DAY_MS;
  const ticking = () => {
    fixture.clock.nowMs += 1;
    return fixture.clock.nowMs;
  };
  await deleteDueKeys(fixture.store.grants, ticking);
  const [newest] = await fixture.store.events.list(PROJECT, { keyId }, 1);
  expect(newest).toMatchObject({ action: 'delete-key', grant: undefined });
});

test('after the deletion, no list, total or held operation includes the key or its grants', async () => {
  expect([await retirable(CREATOR), await retirable(GRANTEE)]).toEqual([5, 5]);
  await schedule();
  fixture.clock.nowMs += WEEK_MS + DAY_MS;
  await runDeletion();
  expect([await retirable(CREATOR), await retirable(GRANTEE)]).toEqual([0, 0]);
  expect(await fixture.store.grants.heldOperations(keyId, [`user:${GRANTEE}`, `domain:${DOMAIN}`])).toEqual(new Map());
  expect(await fixture.authority.listKeys(requestContext('list-keys'), {}, { limit: 10 })).toMatchObject({
    keys: [],
    total: 0,
  });
});

test('the alias and the quota of a deleted key are available again after the deletion, not before', async () => {
  await fixture.authority.createKey(requestContext('create-key'), keyInput('payroll'));
  await schedule();
  const again = () => fixture.authority.createKey(requestContext('create-key'), keyInput('orders'));
  expect(await codeOf(again())).toBe('KMS.1104');
  expect(await codeOf(fixture.authority.createKey(requestContext('create-key'), keyInput('third')))).toBe('KMS.1105');
  fixture.clock.nowMs += WEEK_MS + DAY_MS;
  await runDeletion();
  expect((await again()).keyId).not.toBe(keyId);
});

test('a key with more grants than one page is deleted with all of them', async () => {
  await createGrants(120);
  await schedule();
  fixture.clock.nowMs += WEEK_MS + DAY_MS;
  expect(await runDeletion()).toBe(1);
  expect((await fixture.actionsOn(keyId)).filter((action) => action === 'delete-key')).toHaveLength(126);
});

test.each([0, 2, 4, 5])(
  'a run that is killed after %i writes leaves exact lists, and the next run finishes the deletion',
  async (n) => {
    await schedule();
    fixture.clock.nowMs += WEEK_MS + DAY_MS;
    await expect(runDeletion(endingAfter(n))).rejects.toThrow('the process ended');
    const remaining = 5 - n;
    expect(await fixture.grantsOf(keyId)).toHaveLength(remaining);
    expect(await retirable(CREATOR)).toBe(remaining);
    expect((await fixture.key(keyId)).state).toBe('4');
    expect(await runDeletion()).toBe(1);
    expect(await retirable(CREATOR)).toBe(0);
    for (const grantId of grantIds) {
      const events = await fixture.store.events.list(PROJECT, { grantId }, 10);
      expect(events.map(({ action }) => action)).toEqual(['delete-key', 'create-grant']);
    }
  },
);

test('two concurrent runs delete each grant and the key once', async () => {
  await schedule();
  fixture.clock.nowMs += WEEK_MS + DAY_MS;
  const deleted = await Promise.all([runDeletion(), runDeletion()]);
  expect(deleted.reduce((sum, count) => sum + count)).toBe(1);
  expect((await fixture.actionsOn(keyId)).filter((action) => action === 'delete-key')).toHaveLength(6);
});

test('of a revoke and a concurrent deletion run, exactly one removes the grant', async () => {
  await schedule();
  fixture.clock.nowMs += WEEK_MS + DAY_MS;
  const [revoked] = await Promise.all([
    Promise.all(
      grantIds.map((grantId) => codeOf(fixture.authority.revokeGrant(requestContext('revoke-grant'), keyId, grantId))),
    ),
    runDeletion(),
  ]);
  const byRevoke = revoked.filter((answer) => answer === 'answered: {}').length;
  const actions = await fixture.actionsOn(keyId);
  expect(actions.filter((action) => action === 'revoke-grant')).toHaveLength(byRevoke);
  expect(actions.filter((action) => action === 'delete-key')).toHaveLength(6 - byRevoke);
});

test('before the deletion date, a deletion can be cancelled: the key is disabled and keeps its grants', async () => {
  await schedule();
  fixture.clock.nowMs += WEEK_MS - 1;
  expect(await cancel()).toMatchObject({ state: '3', deletionAtMs: 0 });
  fixture.clock.nowMs += DAY_MS;
  expect(await runDeletion()).toBe(0);
  expect(await fixture.grantsOf(keyId)).toHaveLength(5);
});

test('from the deletion date on, a cancellation is refused with KMS.0210 and the key is deleted', async () => {
  await schedule();
  fixture.clock.nowMs += WEEK_MS;
  expect(await codeOf(cancel())).toBe('KMS.0210');
  expect((await fixture.key(keyId)).state).toBe('4');
  fixture.clock.nowMs += DAY_MS;
  await expect(runDeletion(endingAfter(2))).rejects.toThrow('the process ended');
  expect(await codeOf(cancel())).toBe('KMS.0210');
  expect(await runDeletion()).toBe(1);
});

test('a cancellation that starts before the deletion date and is written after it succeeds, and the key keeps its grants', async () => {
  await schedule();
  fixture.clock.nowMs += WEEK_MS - 1;
  const lateStore = interleaved(fixture.store, async () => {
    fixture.clock.nowMs += 1;
    await runDeletion(endingAfter(2)).catch(() => {});
  });
  await fixture.authorityOver(lateStore).cancelKeyDeletion(requestContext('cancel-key-deletion'), keyId);
  expect((await fixture.key(keyId)).state).toBe('3');
  expect(await fixture.grantsOf(keyId)).toHaveLength(5);
});

test('create-grant on a key that is pending deletion is refused with KMS.0210', async () => {
  await schedule();
  expect(await codeOf(fixture.authority.createGrant(requestContext('create-grant'), grantInput(keyId)))).toBe(
    'KMS.0210',
  );
  expect(await fixture.grantsOf(keyId)).toHaveLength(5);
});

test('a run whose time limit has passed deletes nothing, and the next run deletes the key', async () => {
  await schedule();
  fixture.clock.nowMs += WEEK_MS + DAY_MS;
  expect(await deleteDueKeys(fixture.store.grants, () => fixture.clock.nowMs, -1)).toBe(0);
  expect(await fixture.grantsOf(keyId)).toHaveLength(5);
  expect(await runDeletion()).toBe(1);
});
