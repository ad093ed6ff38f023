import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deleteDueKeys } from '../../../lib/authority/standalone/key-deletion.ts';
import type { GrantStore } from '../../../lib/store/store.ts';
import {
  CREATOR,
  codeOf,
  DAY_MS,
  DOMAIN,
  GRANTEE,
  grantAsk,
  interleaved,
  keyAsk,
  openWorld,
  PROJECT,
  requestContext,
  type World,
} from './fixture.ts';

const WEEK_MS = 7 * DAY_MS;

let world: World;
let keyId: string;
let grantIds: string[];

beforeEach(async () => {
  world = await openWorld({ grantsPerKey: 2000, keysPerProject: 2 });
  ({ keyId } = await world.authority.createKey(requestContext('create-key'), keyAsk('orders')));
  grantIds = await createGrants(5);
});
afterEach(() => world.close());

async function createGrants(count: number): Promise<string[]> {
  const ask = grantAsk(keyId, { operations: ['retire-grant', 'describe-key'] });
  const made: { grant_id: string }[] = [];
  while (made.length < count) {
    const crowd = Array.from({ length: Math.min(50, count - made.length) });
    made.push(
      ...(await Promise.all(crowd.map(() => world.authority.createGrant(requestContext('create-grant'), ask)))),
    );
  }
  return made.map(({ grant_id }) => grant_id).sort();
}

const schedule = () => world.authority.scheduleKeyDeletion(requestContext('schedule-key-deletion'), keyId, 7);
const cancel = () => world.authority.cancelKeyDeletion(requestContext('cancel-key-deletion'), keyId);
const sweep = (grants = world.store.grants) => deleteDueKeys(grants, () => world.clock.nowMs);
const retirable = async (userId: string) => {
  const page = await world.authority.listRetirableGrants(requestContext('list-retirable-grants', { userId }), {
    limit: 1000,
  });
  expect(JSON.parse(page.json)).toHaveLength(page.total);
  return page.total;
};

/** Writes `n` changes and then none, as when the process ends there. */
function endingAfter(n: number): GrantStore {
  const { grants } = world.store;
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

test('before its time nothing of a key is touched', async () => {
  await schedule();
  world.clock.nowMs += WEEK_MS - 1;
  expect(await sweep()).toBe(0);
  expect(await world.grantsOf(keyId)).toHaveLength(5);
});

test('a key that is due goes with its grants, each with its event and as it was', async () => {
  const before = await world.grantsOf(keyId);
  await schedule();
  world.clock.nowMs += WEEK_MS + DAY_MS;
  expect(await sweep()).toBe(1);
  expect(await codeOf(world.authority.describeKey(requestContext('describe-key'), keyId))).toBe('KMS.0207');
  const events = (await world.store.events.list(PROJECT, { keyId }, 6)).reverse();
  expect(events.map(({ action, channel, actor }) => `${action} ${channel} ${actor}`)).toEqual(
    Array(6).fill('delete-key deletion kms-grants'),
  );
  const recorded = events.flatMap(({ grant }) => grant ?? []);
  expect(recorded.toSorted((a, b) => (a.grant_id < b.grant_id ? -1 : 1))).toEqual(before);
  expect(events.filter(({ grant }) => grant === undefined)).toHaveLength(1);
});

test('the event of the key comes after those of its grants', async () => {
  await schedule();
  world.clock.nowMs += WEEK_MS + DAY_MS;
  const ticking = () => {
    world.clock.nowMs += 1;
    return world.clock.nowMs;
  };
  await deleteDueKeys(world.store.grants, ticking);
  const [newest] = await world.store.events.list(PROJECT, { keyId }, 1);
  expect(newest).toMatchObject({ action: 'delete-key', grant: undefined });
});

test('what nobody holds any more is in no list and no count', async () => {
  expect([await retirable(CREATOR), await retirable(GRANTEE)]).toEqual([5, 5]);
  await schedule();
  world.clock.nowMs += WEEK_MS + DAY_MS;
  await sweep();
  expect([await retirable(CREATOR), await retirable(GRANTEE)]).toEqual([0, 0]);
  expect(await world.store.grants.heldOperations(keyId, [`user:${GRANTEE}`, `domain:${DOMAIN}`])).toEqual(new Map());
  expect(await world.authority.listKeys(requestContext('list-keys'), {}, { limit: 10 })).toMatchObject({
    keys: [],
    total: 0,
  });
});

test('its alias and its place in the quota are free again, and not before', async () => {
  await world.authority.createKey(requestContext('create-key'), keyAsk('payroll'));
  await schedule();
  const again = () => world.authority.createKey(requestContext('create-key'), keyAsk('orders'));
  expect(await codeOf(again())).toBe('KMS.1104');
  expect(await codeOf(world.authority.createKey(requestContext('create-key'), keyAsk('third')))).toBe('KMS.1105');
  world.clock.nowMs += WEEK_MS + DAY_MS;
  await sweep();
  expect((await again()).keyId).not.toBe(keyId);
});

test('more grants than are taken at once all go', async () => {
  await createGrants(120);
  await schedule();
  world.clock.nowMs += WEEK_MS + DAY_MS;
  expect(await sweep()).toBe(1);
  expect((await world.actionsOn(keyId)).filter((action) => action === 'delete-key')).toHaveLength(126);
});

test.each([0, 2, 4, 5])('cut short after %i writes, all stays exact, and the next call goes on', async (n) => {
  await schedule();
  world.clock.nowMs += WEEK_MS + DAY_MS;
  await expect(sweep(endingAfter(n))).rejects.toThrow('the process ended');
  const left = 5 - n;
  expect(await world.grantsOf(keyId)).toHaveLength(left);
  expect(await retirable(CREATOR)).toBe(left);
  expect((await world.key(keyId)).state).toBe('4');
  expect(await sweep()).toBe(1);
  expect(await retirable(CREATOR)).toBe(0);
  for (const grantId of grantIds) {
    const events = await world.store.events.list(PROJECT, { grantId }, 10);
    expect(events.map(({ action }) => action)).toEqual(['delete-key', 'create-grant']);
  }
});

test('two sweeps at once delete each grant and the key once', async () => {
  await schedule();
  world.clock.nowMs += WEEK_MS + DAY_MS;
  const deleted = await Promise.all([sweep(), sweep()]);
  expect(deleted.reduce((sum, count) => sum + count)).toBe(1);
  expect((await world.actionsOn(keyId)).filter((action) => action === 'delete-key')).toHaveLength(6);
});

test('a revoke in a race with the sweep: one of them removes the grant, once', async () => {
  await schedule();
  world.clock.nowMs += WEEK_MS + DAY_MS;
  const [revoked] = await Promise.all([
    Promise.all(
      grantIds.map((grantId) => codeOf(world.authority.revokeGrant(requestContext('revoke-grant'), keyId, grantId))),
    ),
    sweep(),
  ]);
  const byRevoke = revoked.filter((answer) => answer === 'answered: {}').length;
  const actions = await world.actionsOn(keyId);
  expect(actions.filter((action) => action === 'revoke-grant')).toHaveLength(byRevoke);
  expect(actions.filter((action) => action === 'delete-key')).toHaveLength(6 - byRevoke);
});

test('until its time a deletion can be cancelled: the key is disabled, its grants as before', async () => {
  await schedule();
  world.clock.nowMs += WEEK_MS - 1;
  expect(await cancel()).toMatchObject({ state: '3', deletionAtMs: 0 });
  world.clock.nowMs += DAY_MS;
  expect(await sweep()).toBe(0);
  expect(await world.grantsOf(keyId)).toHaveLength(5);
});

test('once it is due a deletion cannot be cancelled: KMS.0210, and the key goes', async () => {
  await schedule();
  world.clock.nowMs += WEEK_MS;
  expect(await codeOf(cancel())).toBe('KMS.0210');
  expect((await world.key(keyId)).state).toBe('4');
  world.clock.nowMs += DAY_MS;
  await expect(sweep(endingAfter(2))).rejects.toThrow('the process ended');
  expect(await codeOf(cancel())).toBe('KMS.0210');
  expect(await sweep()).toBe(1);
});

test('a cancel decided just before the time, and written just after it, finds the key whole', async () => {
  await schedule();
  world.clock.nowMs += WEEK_MS - 1;
  const late = interleaved(world.store, async () => {
    world.clock.nowMs += 1;
    await sweep(endingAfter(2)).catch(() => {});
  });
  await world.over(late).cancelKeyDeletion(requestContext('cancel-key-deletion'), keyId);
  expect((await world.key(keyId)).state).toBe('3');
  expect(await world.grantsOf(keyId)).toHaveLength(5);
});

test('a key that waits for deletion takes no new grant: KMS.0210', async () => {
  await schedule();
  expect(await codeOf(world.authority.createGrant(requestContext('create-grant'), grantAsk(keyId)))).toBe('KMS.0210');
  expect(await world.grantsOf(keyId)).toHaveLength(5);
});

test('when time is up it begins nothing more, and the next call goes on', async () => {
  await schedule();
  world.clock.nowMs += WEEK_MS + DAY_MS;
  expect(await deleteDueKeys(world.store.grants, () => world.clock.nowMs, -1)).toBe(0);
  expect(await world.grantsOf(keyId)).toHaveLength(5);
  expect(await sweep()).toBe(1);
});
