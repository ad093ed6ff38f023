/** How many rows a page of events reads. What it contains is tested by the contract suite in test/contract/. */
import { expect, test } from '@jest/globals';
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import { dynamodbEvents, eventWrites } from '../../../lib/store/dynamodb/events.ts';
import type { Item } from '../../../lib/store/dynamodb/item.ts';
import type { Range, Table } from '../../../lib/store/dynamodb/table.ts';
import { GRANTEE, keyId, PROJECT, testGrant } from '../../contract/fixtures.ts';

const EVENTS = 10_000;

/** A partition of 10,000 events of one grantee; only the oldest is on the second key. Counts the rows that are read. */
function countingTable() {
  let rowsRead = 0;
  const eventOf = (n: number): ChangeEvent => ({
    eventId: n.toString(16).padStart(32, '0'),
    atMs: n,
    action: 'create-grant',
    projectId: PROJECT,
    keyId: keyId(n === 0 ? 2 : 1),
    actor: 'a',
    channel: 'http',
    requestId: 'r',
    grant: testGrant(1, { key_id: keyId(n === 0 ? 2 : 1) }),
  });
  const rows = Array.from({ length: EVENTS }, (_, n) => eventOf(EVENTS - 1 - n)).map((event) => {
    const writes = eventWrites(event, false).map((write) => ('put' in write ? write.put : undefined));
    return writes.find((item) => String(item?.['pk']).startsWith('grantee-events#')) as Item & { sk: string };
  });
  const query = async ({ from, to, limit }: Range) => {
    const found = rows.filter(({ sk }) => sk >= from && sk <= to).slice(0, limit);
    rowsRead += found.length;
    return found;
  };
  const takeRowsRead = () => {
    const taken = rowsRead;
    rowsRead = 0;
    return taken;
  };
  return { table: { query } as unknown as Table, takeRowsRead };
}

test('a page filtered by grantee and key reads at most 1000 rows, and its marker leads on to the event', async () => {
  const { table, takeRowsRead } = countingTable();
  const { listPage } = dynamodbEvents(table, false);
  const found: ChangeEvent[] = [];
  let pages = 0;
  for (let before: string | undefined; ; ) {
    const page = await listPage(PROJECT, { grantee: GRANTEE, keyId: keyId(2), before }, 10);
    expect(takeRowsRead()).toBeLessThanOrEqual(1000);
    found.push(...page.events);
    pages += 1;
    if (page.next === undefined) break;
    before = page.next;
  }
  expect(found.map(({ keyId: id }) => id)).toEqual([keyId(2)]);
  expect(pages).toBeGreaterThanOrEqual(10);
});

test('a page with one filter reads one row more than it returns', async () => {
  const { table, takeRowsRead } = countingTable();
  const page = await dynamodbEvents(table, false).listPage(PROJECT, { grantee: GRANTEE }, 10);
  expect([page.events.length, takeRowsRead()]).toEqual([10, 11]);
});
