import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditDynamodb } from '../../lib/store/dynamodb/audit.ts';
import { beBusy, fillDirectory, fillKeys } from './audit-history.ts';
import { type DamagedTable, openTable } from './dynamodb-damage.ts';
import { scan } from './dynamodb-scan.ts';

let table: DamagedTable;
beforeAll(async () => {
  table = await openTable();
  await fillDirectory(table.store);
  await fillKeys(table.store);
});
afterAll(() => table.close());

test('x', async () => {
  let t = performance.now();
  console.log(await auditDynamodb(table.settings), performance.now() - t);
  const out = [];
  for (const { pk, sk } of await scan(table.settings.endpoint!, table.settings.table, 'local')) {
    out.push(`--- ${pk} ${sk}`, ...(await table.without(pk, sk)));
  }
  console.log(out.join('\n'));
  console.log(await auditDynamodb(table.settings), performance.now() - t);
  t = performance.now();
  await beBusy(table.store, 30);
  console.log(await auditDynamodb(table.settings), performance.now() - t);
}, 120_000);
