/** The audit of a table, grants: each change made by hand is reported by name, and nothing else is. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Grant } from '../../../../lib/domain/model.ts';
import { auditDynamodb } from '../../../../local/admin/audit/dynamodb.ts';
import {
  CREATOR,
  DOMAIN,
  FOREIGN_PROJECT,
  GRANTEE,
  grantId,
  keyId,
  PROJECT,
  RETIRER,
} from '../../../contract/fixtures.ts';
import { type Damage, type DamagedTable, openTable } from './damaged-table.ts';
import { fillDirectory, fillKeys, G1, G2, G3, makeRandomChanges } from './history.ts';

let table: DamagedTable;

beforeAll(async () => {
  table = await openTable();
  await fillDirectory(table.store);
  await fillKeys(table.store);
});
afterAll(() => table.close());

const [K1, K2] = [1, 2].map((n) => `key#${keyId(n)}`) as [string, string];
const retirable = (who: string) => `retirable#${PROJECT}#${who}`;
/** The counters of key 1 are in the 7th of 8 shards. */
const retirableCount = (name: string) => `retirable-n#${PROJECT}#${name}#6`;
const wireOf = (grant: Grant) => ({ wire: { S: JSON.stringify(grant) } });
/** How a fault prints an item that holds the grant and nothing else. */
const printed = (grant: Grant) => JSON.stringify({ wire: JSON.stringify(grant) });
const n = (count: number) => ({ n: { N: String(count) } });

test('an intact table has no faults, and the audit counts its contents', async () => {
  expect(await auditDynamodb(table.settings)).toEqual({
    projects: 2,
    keys: 4,
    grants: 2,
    events: 15,
    faults: [],
    unsettled: 0,
  });
});

test('a table with a long random history has no faults', async () => {
  const other = await openTable();
  await fillDirectory(other.store);
  await makeRandomChanges(other.store, 12);
  const { faults, grants, events } = await auditDynamodb(other.settings);
  other.close();
  expect(faults).toEqual([]);
  expect(grants).toBeGreaterThan(0);
  expect(events).toBeGreaterThan(5);
});

test('a missing index row is reported as one fault, and its counter is not reported', async () => {
  const rows: [string, string, Grant][] = [
    [K1, `grant#${grantId(1)}`, G1],
    [K1, `grantee#${DOMAIN}#${grantId(2)}`, G2],
    [retirable(`domain:${DOMAIN}`), grantId(2), G2],
    [retirable(`grantee:${GRANTEE}`), grantId(1), G1],
    [retirable(`user:${RETIRER}`), grantId(1), G1],
  ];
  const faults = await table.faultsAfter(...rows.map(([pk, sk]): Damage => [pk, sk, 'deleted']));
  expect(faults.toSorted()).toEqual(
    rows.map(([pk, sk, grant]) => `${pk} ${sk} is missing, should be ${printed(grant)}`),
  );
});

test('index rows of a removed grant, under a wrong name, and of a grant of another key are reported', async () => {
  const rows: [string, string][] = [
    [K1, `grant#${grantId(3)}`],
    [K1, `grantee#${GRANTEE}#${grantId(3)}`],
    [K1, `grantee#${RETIRER}#${grantId(1)}`],
    [K2, `grant#${grantId(1)}`],
    [retirable(`grantee:${DOMAIN}`), grantId(1)],
    [retirable(`user:${CREATOR}`), grantId(3)],
    [retirable(`user:${GRANTEE}`), grantId(2)],
  ];
  const faults = await table.faultsAfter(...rows.map(([pk, sk]): Damage => [pk, sk, wireOf(G3)]));
  expect(faults.toSorted()).toEqual(rows.map(([pk, sk]) => `${pk} ${sk} should not exist`));
});

test('index rows that hold another grant or an extra attribute are reported', async () => {
  const faults = await table.faultsAfter(
    [K1, `grant#${grantId(1)}`, wireOf(G2)],
    [retirable(`user:${CREATOR}`), grantId(2), { ttl: { N: '1' } }],
  );
  expect(faults.toSorted()).toEqual([
    `${K1} grant#${grantId(1)} is ${printed(G2)}, should be ${printed(G1)}`,
    `${retirable(`user:${CREATOR}`)} ${grantId(2)} is ${printed(G2).replace('{', '{"ttl":1,')}, should be ${printed(G2)}`,
  ]);
});

test('wrong counters are reported: grants of a key, operations held, retirable grants, also where 0 is right', async () => {
  const [ofGrantee, ofBoth, ofUser, ofShard] = [
    retirableCount(`grantee:${GRANTEE}`),
    retirableCount(`user:${CREATOR}+domain:${DOMAIN}`),
    retirableCount(`user:${RETIRER}`),
    `retirable-n#${PROJECT}#user:${CREATOR}#0`,
  ] as const;
  const faults = await table.faultsAfter(
    [K1, 'key', { grantCount: { N: '3' } }],
    [K1, `held#user:${GRANTEE}`, { '*': { N: '2' }, 'decrypt-data': { N: '1' } }],
    [K2, `held#user:${GRANTEE}`, { '*': { N: '1' } }],
    [ofGrantee, 'n', n(9)],
    [ofBoth, 'n', n(7)],
    [ofUser, 'n', 'deleted'],
    [ofShard, 'n', n(1)],
  );
  expect(faults.toSorted()).toEqual([
    `* of ${K1} held#user:${GRANTEE} is 2, should be 1`,
    `* of ${K2} held#user:${GRANTEE} is 1, should be 0`,
    `decrypt-data of ${K1} held#user:${GRANTEE} is 1, should be 0`,
    `grantCount of ${K1} key is 3, should be 2`,
    `n of ${ofGrantee} n is 9, should be 1`,
    `n of ${ofShard} n is 1, should be 0`,
    `n of ${ofBoth} n is 7, should be 1`,
    `n of ${ofUser} n is 0, should be 1`,
  ]);
});

test('a counter of 0 is no fault where none is expected', async () => {
  expect(await table.faultsAfter([`retirable-n#${PROJECT}#user:${CREATOR}#0`, 'n', n(0)])).toEqual([]);
});

test('a deleted grant without a removal event is reported, with every row and counter that still includes it', async () => {
  const deleted = `grant#${grantId(2)}`;
  const faults = await table.faultsAfter([deleted, 'grant', 'deleted']);
  expect(faults.toSorted()).toEqual([
    `* of ${K1} held#domain:${DOMAIN} is 1, should be 0`,
    `describe-key of ${K1} held#domain:${DOMAIN} is 1, should be 0`,
    `${deleted} grant does not exist, but its events say: created 1, removed 0; should be: created 1, removed 1`,
    `grantCount of ${K1} key is 2, should be 1`,
    `${K1} ${deleted} should not exist`,
    `${K1} grantee#${DOMAIN}#${grantId(2)} should not exist`,
    `n of ${retirableCount(`domain:${DOMAIN}`)} n is 1, should be 0`,
    `n of ${retirableCount(`grantee:${DOMAIN}`)} n is 1, should be 0`,
    `n of ${retirableCount(`user:${CREATOR}`)} n is 2, should be 1`,
    `n of ${retirableCount(`user:${CREATOR}+domain:${DOMAIN}`)} n is 1, should be 0`,
    `${retirable(`domain:${DOMAIN}`)} ${grantId(2)} should not exist`,
    `${retirable(`grantee:${DOMAIN}`)} ${grantId(2)} should not exist`,
    `${retirable(`user:${CREATOR}`)} ${grantId(2)} should not exist`,
    `retire-grant of ${K1} held#domain:${DOMAIN} is 1, should be 0`,
  ]);
});

test('a grant item with the text of another grant, with no grant, or with a wrong project is reported', async () => {
  const [own1, own2] = [`grant#${grantId(1)}`, `grant#${grantId(2)}`] as const;
  const other = JSON.stringify({ projectId: PROJECT, wire: JSON.stringify(G2) });
  expect(await table.faultsAfter([own1, 'grant', wireOf(G2)])).toContain(
    `${own1} grant is ${other}, should be {"grantId":"${grantId(1)}","keyId":"${keyId(1)}","projectId":"${PROJECT}"}`,
  );
  expect(await table.faultsAfter([own2, 'grant', { wire: { S: '{' } }])).toContain(
    `${own2} grant is {"projectId":"${PROJECT}","wire":"{"}, should be {"grantId":"${grantId(2)}","keyId":"${keyId(1)}","projectId":"${PROJECT}"}`,
  );
  expect(await table.faultsAfter([own2, 'grant', { projectId: { S: FOREIGN_PROJECT } }])).toContain(
    `${own2} grant is ${other.replace(PROJECT, FOREIGN_PROJECT)}, should be ${other}`,
  );
});

test('after all damage is undone, the table has no faults', async () => {
  expect((await auditDynamodb(table.settings)).faults).toEqual([]);
});
