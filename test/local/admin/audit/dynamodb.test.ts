/** `npm run admin -- verify` on a table, as a process of its own, and what it makes of changes under way. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditDynamodb } from '../../../../local/admin/audit/dynamodb.ts';
import { confirmed } from '../../../../local/admin/verify.ts';
import { CREATOR, commitAll, createGrant, keyId, PROJECT, removeGrant, testGrant } from '../../../contract/fixtures.ts';
import { dynamodbEndpoint } from '../../../support/dynamodb.ts';
import { newDataDir } from '../../../support/process.ts';
import { type Damage, type DamagedTable, openTable } from './damaged-table.ts';
import { fillDirectory, fillKeys } from './history.ts';

let table: DamagedTable;
let dataDir: string;

beforeAll(async () => {
  dataDir = newDataDir();
  table = await openTable();
  await fillDirectory(table.store);
  await fillKeys(table.store);
});
afterAll(() => {
  table.close();
  rmSync(dataDir, { recursive: true });
});

function verify(...args: string[]) {
  const store = { STORE: 'dynamodb', DYNAMODB_ENDPOINT: dynamodbEndpoint(), TABLE: table.settings.table };
  const env = { PATH: process.env['PATH'], DATA_DIR: dataDir, ...store };
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, ['local/admin.ts', 'verify', ...args], { env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

const KEY_1 = `key#${keyId(1)}`;
const grantCount = (N: string): Damage => [KEY_1, 'key', { grantCount: { N } }];
const FAULT = `grantCount of ${KEY_1} key is 5, should be 2`;

test('a sound table: what was checked, "no drift", exit 0', async () => {
  const out = 'projects  2\nkeys      4\ngrants    2\nevents    15\n\nno drift\n';
  expect(await verify()).toEqual({ code: 0, out, err: '' });
});

test('a table with drift: each fault on a line, exit 1', async () => {
  await table.damage(grantCount('5'), ['due', `0001795932000000#${keyId(2)}`, {}]);
  const faults = [FAULT, `due 0001795932000000#${keyId(2)} should not be there`];
  const text = await verify();
  const json = await verify('--json');
  await table.damage(grantCount('2'), ['due', `0001795932000000#${keyId(2)}`, 'gone']);
  expect(text).toMatchObject({ code: 1, err: '' });
  expect(text.out).toContain(`\n\ndrift: 2\n${faults.join('\n')}\n`);
  expect(json).toMatchObject({ code: 1, err: 'drift: 2\n' });
  const checked = { projects: 2, keys: 4, grants: 2, events: 15, unsettled: 0 };
  expect(JSON.parse(json.out)).toEqual({ ...checked, drift: faults });
});

test('what only the first of two audits finds is not told, and what both find is', async () => {
  await table.damage(grantCount('5'), [`retirable-n#${PROJECT}#user:${CREATOR}#0`, 'n', { n: { N: '1' } }]);
  const found: string[][] = [];
  const { faults } = await confirmed(async () => {
    const audit = await auditDynamodb(table.settings);
    found.push(audit.faults);
    await table.damage([`retirable-n#${PROJECT}#user:${CREATOR}#0`, 'n', { n: { N: '0' } }]);
    return audit;
  });
  await table.damage(grantCount('2'));
  expect(found.map(({ length }) => length)).toEqual([2, 1]);
  expect(faults).toEqual([FAULT]);
});

test('beside grants that come and go nothing is told that is not so', async () => {
  let isPastDeadline = false;
  const changes = (async () => {
    for (let made = 0; ; made += 1) {
      if (isPastDeadline) return made;
      const grant = testGrant(100 + made, { operations: ['encrypt-data', 'retire-grant'] });
      await commitAll(table.store, [createGrant(grant), removeGrant(grant)]);
    }
  })();
  const { faults } = await confirmed(() => auditDynamodb(table.settings));
  isPastDeadline = true;
  expect(await changes).toBeGreaterThan(0);
  expect(faults).toEqual([]);
});
