/** The audit of a table, keys, events and the directory: each change made by hand is reported by name. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CREATOR,
  DOMAIN,
  FOREIGN_PROJECT,
  GRANTEE,
  grantId,
  keyId,
  NOW_MS,
  PROJECT,
} from '../../../contract/fixtures.ts';
import { type Damage, type DamagedTable, openTable } from './damaged-table.ts';
import { ACCESS_KEY, eventId, fillDirectory, fillKeys, G1 } from './history.ts';

let table: DamagedTable;

beforeAll(async () => {
  table = await openTable();
  await fillDirectory(table.store);
  await fillKeys(table.store);
});
afterAll(() => table.close());

const [K1, K3, K4] = [1, 3, 4].map((n) => `key#${keyId(n)}`) as [string, string, string];
const KEYS = `keys#${PROJECT}`;
/** 2026-11-29T06:00:00Z: when key 3 is to be deleted. */
const DUE = `0001795932000000#${keyId(3)}`;
const NONE = '0'.repeat(32);
const text = (S: string) => ({ S });
const ofKey = (n: number) => JSON.stringify({ keyId: keyId(n) });

async function sortedFaults(...damage: Damage[]): Promise<string[]> {
  return (await table.faultsAfter(...damage)).toSorted();
}

describe('keys', () => {
  test('a key that is missing from the lists, the aliases or the deletion dates is reported', async () => {
    const rows: [string, string, number][] = [
      ['due', DUE, 3],
      [KEYS, `*#2#${keyId(1)}`, 1],
      [KEYS, `SM4#*#${keyId(2)}`, 2],
      [KEYS, 'alias#alias-1', 1],
    ];
    expect(await sortedFaults(...rows.map(([pk, sk]): Damage => [pk, sk, 'deleted']))).toEqual(
      rows.map(([pk, sk, n]) => `${pk} ${sk} is missing, should be ${ofKey(n)}`),
    );
  });

  test('the audit reports an index row whose key is deleted, disabled, another one, or not scheduled for deletion', async () => {
    const rows: [string, string, number][] = [
      ['due', `0001795932000000#${keyId(4)}`, 4],
      ['due', `0001795932000001#${keyId(3)}`, 3],
      [KEYS, `*#*#${keyId(4)}`, 4],
      [KEYS, `*#2#${keyId(2)}`, 2],
      [KEYS, 'alias#alias-4', 4],
    ];
    const added = rows.map(([pk, sk, n]): Damage => [pk, sk, { keyId: text(keyId(n)) }]);
    expect(await sortedFaults(...added, [KEYS, 'alias#alias-1', { keyId: text(keyId(2)) }])).toEqual([
      ...rows.map(([pk, sk]) => `${pk} ${sk} should not exist`).slice(0, 4),
      `${KEYS} alias#alias-1 is ${ofKey(2)}, should be ${ofKey(1)}`,
      `${KEYS} alias#alias-4 should not exist`,
    ]);
  });

  test('wrong numbers of keys are reported, in total and by spec and state', async () => {
    const counts = { '*#*': { N: '9' }, 'SM4#3': { N: '0' }, 'SM2#2': { N: '1' } };
    expect(await sortedFaults([KEYS, 'n', counts])).toEqual([
      `*#* of ${KEYS} n is 9, should be 3`,
      `SM2#2 of ${KEYS} n is 1, should be 0`,
      `SM4#3 of ${KEYS} n is 0, should be 1`,
    ]);
  });

  test('a deleted key without a deletion event is reported, with every row and counter that still includes it', async () => {
    expect(await sortedFaults([K3, 'key', 'deleted'])).toEqual([
      `*#* of ${KEYS} n is 3, should be 2`,
      `*#4 of ${KEYS} n is 1, should be 0`,
      `AES_256#* of ${KEYS} n is 2, should be 1`,
      `AES_256#4 of ${KEYS} n is 1, should be 0`,
      `due ${DUE} should not exist`,
      `${K3} key does not exist, but its events say: created 1, removed 0; should be: created 1, removed 1`,
      `${KEYS} *#*#${keyId(3)} should not exist`,
      `${KEYS} *#4#${keyId(3)} should not exist`,
      `${KEYS} AES_256#*#${keyId(3)} should not exist`,
      `${KEYS} AES_256#4#${keyId(3)} should not exist`,
      `${KEYS} alias#alias-3 should not exist`,
    ]);
    expect(await sortedFaults([K1, 'key', 'deleted'])).toContain(
      `${K1} key is missing, should be present because it has grants: 2`,
    );
  });

  test('an item with an unknown sort key is reported', async () => {
    const keys: [string, string][] = [
      [`grant#${grantId(1)}`, 'other'],
      [K1, 'other'],
      [K4, 'other'],
      [KEYS, 'other'],
    ];
    expect(await sortedFaults(...keys.map(([pk, sk]): Damage => [pk, sk, { keyId: text(keyId(1)) }]))).toEqual(
      keys.map(([pk, sk]) => `${pk} ${sk} should not exist`),
    );
  });
});

describe('events', () => {
  const content = JSON.stringify({
    action: 'create-grant',
    actor: CREATOR,
    atMs: NOW_MS,
    channel: 'http',
    eventId: eventId(6),
    keyId: keyId(1),
    projectId: PROJECT,
    requestId: '00000000000000000000000000000006',
    wire: JSON.stringify(G1),
  });
  const copies: [string, string][] = [
    [`events#${PROJECT}#6`, `event#${eventId(6)}`],
    [`grant#${grantId(1)}`, `event#${eventId(6)}`],
    [`grantee-events#${PROJECT}#${GRANTEE}`, `event#${eventId(6)}`],
    [K1, `event#${eventId(6)}`],
  ];

  test.each(copies)('a missing copy of an event is reported, of four: %s', async (pk, sk) => {
    expect(await sortedFaults([pk, sk, 'deleted'])).toEqual([`${pk} ${sk} is missing, should be ${content}`]);
  });

  test('copies of an event that differ from the copy of the project are reported', async () => {
    const changed = content.replace(CREATOR, GRANTEE);
    const [, ...others] = copies;
    expect(await sortedFaults(...others.map(([pk, sk]): Damage => [pk, sk, { actor: text(GRANTEE) }]))).toEqual(
      others.map(([pk, sk]) => `${pk} ${sk} is ${changed}, should be ${content}`),
    );
  });

  test('a removal event that is missing in all copies is reported, and one too many', async () => {
    const pks = [`events#${PROJECT}#6`, `grant#${grantId(3)}`, `grantee-events#${PROJECT}#${GRANTEE}`, K1];
    const removal = pks.map((pk): Damage => [pk, `event#${eventId(10)}`, 'deleted']);
    expect(await sortedFaults(...removal)).toEqual([
      `grant#${grantId(3)} grant does not exist, but its events say: created 1, removed 0; should be: created 1, removed 1`,
    ]);
    const second = copies.map(([pk, sk]): Damage => [pk, sk, { action: text('revoke-grant') }]);
    expect(await sortedFaults(...second)).toContain(
      `grant#${grantId(1)} grant exists, but its events say: created 0, removed 1; should be: created 1, removed 0`,
    );
  });

  test('an event in a wrong shard of the project is reported', async () => {
    const wrongShard = [`events#${PROJECT}#0`, `event#${eventId(6)}`] as const;
    expect(await sortedFaults([...wrongShard, { keyId: text(keyId(1)), wire: text(JSON.stringify(G1)) }])).toEqual([
      `${wrongShard.join(' ')} should not exist`,
    ]);
  });
});

describe('the directory', () => {
  test('a missing item that a list, a name, a role or an access key refers to is reported', async () => {
    const [orders, reports] = [`project#${FOREIGN_PROJECT}`, `project#${PROJECT}`];
    const deleted: Damage[] = [
      [`access-key#${ACCESS_KEY}`, 'access-key', 'deleted'],
      [`domain#${DOMAIN}`, 'domain', 'deleted'],
      [orders, 'project', 'deleted'],
      [reports, 'project', 'deleted'],
      [`user#${GRANTEE}`, 'user', 'deleted'],
    ];
    expect(await sortedFaults(...deleted)).toEqual([
      `access-key#${ACCESS_KEY} access-key is missing, should be present because all#access-keys 0001795327200000#${ACCESS_KEY} refers to it`,
      `domain#${DOMAIN} domain is missing, should be present because user#${CREATOR} user refers to it`,
      `${reports} project is missing, should be present because user#${CREATOR} role#${PROJECT}#te_admin refers to it`,
      `${orders} project is missing, should be present because user#${CREATOR} role#${FOREIGN_PROJECT}#te_admin refers to it`,
      `user#${GRANTEE} user is missing, should be present because all#users bob#${GRANTEE} refers to it`,
    ]);
  });

  test('lists and names that lack an existing item, or hold the id of another, are reported', async () => {
    const faults = await sortedFaults(
      ['all#projects', `orders#${FOREIGN_PROJECT}`, 'deleted'],
      ['all#users', `alice#${CREATOR}`, 'deleted'],
      ['name#domain#-#acme', 'name', { id: text(NONE) }],
      [`name#project#${DOMAIN}#reports`, 'name', 'deleted'],
      [`name#user#${DOMAIN}#bob`, 'name', { id: text(CREATOR) }],
    );
    const id = (value: string) => JSON.stringify({ id: value });
    expect(faults).toEqual([
      `all#projects orders#${FOREIGN_PROJECT} is missing, should be ${id(FOREIGN_PROJECT)}`,
      `all#users alice#${CREATOR} is missing, should be ${id(CREATOR)}`,
      `name#domain#-#acme name is ${id(NONE)}, should be ${id(DOMAIN)}`,
      `name#project#${DOMAIN}#reports name is missing, should be ${id(PROJECT)}`,
      `name#user#${DOMAIN}#bob name is ${id(CREATOR)}, should be ${id(GRANTEE)}`,
    ]);
  });

  test('list rows with a wrong name, duplicate list rows, and roles with a wrong sort key are reported', async () => {
    const rows: Damage[] = [
      ['all#access-keys', `0001795327200001#${ACCESS_KEY}`, { id: text(ACCESS_KEY) }],
      ['all#projects', `other#${PROJECT}`, { id: text(PROJECT) }],
      [`user#${CREATOR}`, `role#${PROJECT}#boss`, { projectId: text(PROJECT), role: text('te_admin') }],
    ];
    expect(await sortedFaults(...rows)).toEqual(rows.map(([pk, sk]) => `${pk} ${sk} should not exist`));
  });
});
