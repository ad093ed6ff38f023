/** The audit of a table, of what belongs to grants: whatever is put wrong by hand is told by name, and nothing else. */
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
import { beBusy, fillDirectory, fillKeys, G1, G2, G3 } from './history.ts';

let table: DamagedTable;

beforeAll(async () => {
  table = await openTable();
  await fillDirectory(table.store);
  await fillKeys(table.store);
});
afterAll(() => table.close());

const [K1, K2] = [1, 2].map((n) => `key#${keyId(n)}`) as [string, string];
const retirable = (who: string) => `retirable#${PROJECT}#${who}`;
/** Key 1 is counted in the 7th of 8 parts. */
const retirableCount = (name: string) => `retirable-n#${PROJECT}#${name}#6`;
const wireOf = (grant: Grant) => ({ wire: { S: JSON.stringify(grant) } });
/** As a fault tells an item that holds the grant and nothing else. */
const told = (grant: Grant) => JSON.stringify({ wire: JSON.stringify(grant) });
const n = (count: number) => ({ n: { N: String(count) } });

test('a sound table is without faults, and counted', async () => {
  expect(await auditDynamodb(table.settings)).toEqual({
    projects: 2,
    keys: 4,
    grants: 2,
    events: 15,
    faults: [],
    unsettled: 0,
  });
});

test('so is one after a busy history', async () => {
  const busy = await openTable();
  await fillDirectory(busy.store);
  await beBusy(busy.store, 12);
  const { faults, grants, events } = await auditDynamodb(busy.settings);
  busy.close();
  expect(faults).toEqual([]);
  expect(grants).toBeGreaterThan(0);
  expect(events).toBeGreaterThan(5);
});

test('index rows that are missing, each told once, and no count with it', async () => {
  const rows: [string, string, Grant][] = [
    [K1, `grant#${grantId(1)}`, G1],
    [K1, `grantee#${DOMAIN}#${grantId(2)}`, G2],
    [retirable(`domain:${DOMAIN}`), grantId(2), G2],
    [retirable(`grantee:${GRANTEE}`), grantId(1), G1],
    [retirable(`user:${RETIRER}`), grantId(1), G1],
  ];
  const faults = await table.faultsAfter(...rows.map(([pk, sk]): Damage => [pk, sk, 'gone']));
  expect(faults.toSorted()).toEqual(rows.map(([pk, sk, grant]) => `${pk} ${sk} is missing, should be ${told(grant)}`));
});

test('index rows of a grant that is gone, of one under another name, of one of another key', async () => {
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
  expect(faults.toSorted()).toEqual(rows.map(([pk, sk]) => `${pk} ${sk} should not be there`));
});

test('index rows that hold another grant, or something else beside it', async () => {
  const faults = await table.faultsAfter(
    [K1, `grant#${grantId(1)}`, wireOf(G2)],
    [retirable(`user:${CREATOR}`), grantId(2), { ttl: { N: '1' } }],
  );
  expect(faults.toSorted()).toEqual([
    `${K1} grant#${grantId(1)} is ${told(G2)}, should be ${told(G1)}`,
    `${retirable(`user:${CREATOR}`)} ${grantId(2)} is ${told(G2).replace('{', '{"ttl":1,')}, should be ${told(G2)}`,
  ]);
});

test('what is counted: grants of a key, what is held, what may be retired, also where nothing should be', async () => {
  const [ofGrantee, ofBoth, ofUser, ofPart] = [
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
    [ofUser, 'n', 'gone'],
    [ofPart, 'n', n(1)],
  );
  expect(faults.toSorted()).toEqual([
    `* of ${K1} held#user:${GRANTEE} is 2, should be 1`,
    `* of ${K2} held#user:${GRANTEE} is 1, should be 0`,
    `decrypt-data of ${K1} held#user:${GRANTEE} is 1, should be 0`,
    `grantCount of ${K1} key is 3, should be 2`,
    `n of ${ofGrantee} n is 9, should be 1`,
    `n of ${ofPart} n is 1, should be 0`,
    `n of ${ofBoth} n is 7, should be 1`,
    `n of ${ofUser} n is 0, should be 1`,
  ]);
});

test('a counter of 0 is as good as none', async () => {
  expect(await table.faultsAfter([`retirable-n#${PROJECT}#user:${CREATOR}#0`, 'n', n(0)])).toEqual([]);
});

test('a grant that is gone without an event of its going, and all that still tells of it', async () => {
  const gone = `grant#${grantId(2)}`;
  const faults = await table.faultsAfter([gone, 'grant', 'gone']);
  expect(faults.toSorted()).toEqual([
    `* of ${K1} held#domain:${DOMAIN} is 1, should be 0`,
    `describe-key of ${K1} held#domain:${DOMAIN} is 1, should be 0`,
    `${gone} grant is gone, its events tell: made 1, gone 0, should tell: made 1, gone 1`,
    `grantCount of ${K1} key is 2, should be 1`,
    `${K1} ${gone} should not be there`,
    `${K1} grantee#${DOMAIN}#${grantId(2)} should not be there`,
    `n of ${retirableCount(`domain:${DOMAIN}`)} n is 1, should be 0`,
    `n of ${retirableCount(`grantee:${DOMAIN}`)} n is 1, should be 0`,
    `n of ${retirableCount(`user:${CREATOR}`)} n is 2, should be 1`,
    `n of ${retirableCount(`user:${CREATOR}+domain:${DOMAIN}`)} n is 1, should be 0`,
    `${retirable(`domain:${DOMAIN}`)} ${grantId(2)} should not be there`,
    `${retirable(`grantee:${DOMAIN}`)} ${grantId(2)} should not be there`,
    `${retirable(`user:${CREATOR}`)} ${grantId(2)} should not be there`,
    `retire-grant of ${K1} held#domain:${DOMAIN} is 1, should be 0`,
  ]);
});

test('a grant whose text is another, is none, or is in another project', async () => {
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

test('everything is put back, and the table is sound again', async () => {
  expect((await auditDynamodb(table.settings)).faults).toEqual([]);
});
