/** A try that arrives after it was given up for lost: the change is done once, and answered as done. */
import { expect, test } from '@jest/globals';
import { AwsError } from '../../lib/aws/call.ts';
import { ensureTable } from '../../lib/store/dynamodb/create-table.ts';
import { dynamodbCall, openDynamodbStore } from '../../lib/store/dynamodb/dynamodb.ts';
import { dynamodbGrants } from '../../lib/store/dynamodb/grants.ts';
import { dynamodbSeen } from '../../lib/store/dynamodb/seen.ts';
import { openTable } from '../../lib/store/dynamodb/table.ts';
import {
  aGrant,
  aKey,
  anEvent,
  commitAll,
  createGrant,
  createKey,
  grantId,
  onceOf,
  PROJECT,
  removeGrant,
} from '../contract/world.ts';
import { dynamodbEndpoint, freshTableName } from '../support/dynamodb.ts';
import { auditTable } from './dynamodb-audit.ts';

const CONFLICT = { __type: 'TransactionCanceledException', CancellationReasons: [{ Code: 'TransactionConflict' }] };

async function openLate() {
  const settings = {
    table: freshTableName(),
    endpoint: dynamodbEndpoint(),
    aws: { region: 'local', accessKeyId: 'local', secretAccessKey: 'local' },
  };
  await ensureTable(settings);
  const real = dynamodbCall(settings);
  let late: object | undefined;
  let tries = 0;
  const table = openTable(async (operation, input, timeoutMs) => {
    if (operation !== 'TransactWriteItems') return real(operation, input, timeoutMs);
    tries += 1;
    if (tries === 1) {
      late = input;
      throw new Error('socket hang up');
    }
    if (tries === 2) {
      // The second try meets another transaction and is cancelled; then the first one arrives.
      await real(operation, late as object, timeoutMs);
      throw new AwsError(operation, 400, CONFLICT);
    }
    return real(operation, input, timeoutMs);
  }, settings.table);
  return { settings, store: openDynamodbStore(settings), late: dynamodbGrants(table, dynamodbSeen(table)) };
}

test.each([
  ['without a once key', undefined],
  ['with one', onceOf(1)],
])('a grant is made once, %s', async (_, once) => {
  const { settings, store, late } = await openLate();
  await commitAll(store, [createKey(aKey(1))]);
  const change = createGrant(aGrant(1));
  expect(await late.commit(change, anEvent(change), once)).toEqual({ type: 'done' });
  expect((await store.grants.key(PROJECT, aKey(1).keyId))?.grantCount).toBe(1);
  expect(await store.events.list(PROJECT, { grantId: grantId(1) }, 10)).toHaveLength(1);
  expect(await auditTable(settings.endpoint, settings.table)).toEqual([]);
});

test('a revoke is answered as done', async () => {
  const { settings, store, late } = await openLate();
  await commitAll(store, [createKey(aKey(1)), createGrant(aGrant(1))]);
  const change = removeGrant(aGrant(1));
  expect(await late.commit(change, anEvent(change))).toEqual({ type: 'done' });
  expect(await store.grants.grant(PROJECT, grantId(1))).toBeUndefined();
  expect(await auditTable(settings.endpoint, settings.table)).toEqual([]);
});
