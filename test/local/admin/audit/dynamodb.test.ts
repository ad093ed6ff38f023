/**
 * `npm run admin -- verify` on a table, as a process of its own, and the audit of a table that is being changed.
 * Also tests: local/admin/audit/.
 */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditDynamodb } from '../../../../local/admin/audit/dynamodb.ts';
import { confirmedAudit } from '../../../../local/admin/verify.ts';
import { CREATOR, commitAll, createGrant, keyId, PROJECT, removeGrant, testGrant } from '../../../contract/fixtures.ts';
import { dynamodbEndpoint } from '../../../support/dynamodb.ts';
import { CHILD_ENV, newDataDir } from '../../../support/process.ts';
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
  const env = { ...CHILD_ENV, DATA_DIR: dataDir, ...store };
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, ['local/admin.ts', 'verify', ...args], { env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

const KEY_1 = `key#${keyId(1)}`;
const grantCount = (N: string): Damage => [KEY_1, 'key', { grantCount: { N } }];
const FAULT = `grantCount of ${KEY_1} key is 5, should be 2`;

test('of an intact table it prints the counts and "no drift", and exits with 0', async () => {
  const out = 'projects  2\nkeys      4\ngrants    2\nevents    15\n\nno drift\n';
  expect(await verify()).toEqual({ code: 0, out, err: '' });
});

test('of a table with drift it prints each fault on a line, and exits with 1', async () => {
  await table.damage(grantCount('5'), ['due', `0001795932000000#${keyId(2)}`, {}]);
  const faults = [FAULT, `due 0001795932000000#${keyId(2)} should not exist`];
  const text = await verify();
  const json = await verify('--json');
  await table.damage(grantCount('2'), ['due', `0001795932000000#${keyId(2)}`, 'deleted']);
  expect(text).toMatchObject({ code: 1, err: '' });
  expect(text.out).toContain(`\n\ndrift: 2\n${faults.join('\n')}\n`);
  expect(json).toMatchObject({ code: 1, err: 'drift: 2\n' });
  const checked = { projects: 2, keys: 4, grants: 2, events: 15, unsettled: 0 };
  expect(JSON.parse(json.out)).toEqual({ ...checked, drift: faults });
});

test('a fault that only the first of two audits finds is not reported, one that both find is', async () => {
  await table.damage(grantCount('5'), [`retirable-n#${PROJECT}#user:${CREATOR}#0`, 'n', { n: { N: '1' } }]);
  const faultsByAudit: string[][] = [];
  const { faults } = await confirmedAudit(async () => {
    const audit = await auditDynamodb(table.settings);
    faultsByAudit.push(audit.faults);
    await table.damage([`retirable-n#${PROJECT}#user:${CREATOR}#0`, 'n', { n: { N: '0' } }]);
    return audit;
  });
  await table.damage(grantCount('2'));
  expect(faultsByAudit.map(({ length }) => length)).toEqual([2, 1]);
  expect(faults).toEqual([FAULT]);
});

test('while grants are created and removed, no false fault is reported', async () => {
  let isAuditDone = false;
  const changes = (async () => {
    for (let count = 0; ; count += 1) {
      if (isAuditDone) return count;
      const grant = testGrant(100 + count, { operations: ['encrypt-data', 'retire-grant'] });
      await commitAll(table.store, [createGrant(grant), removeGrant(grant)]);
    }
  })();
  const { faults } = await confirmedAudit(() => auditDynamodb(table.settings));
  isAuditDone = true;
  expect(await changes).toBeGreaterThan(0);
  expect(faults).toEqual([]);
});
