/** The audit of a table, of keys, events and the directory: whatever is put wrong by hand is told by name. */
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
/** 2026-11-29T06:00:00Z: when key 3 goes. */
const DUE = `0001795932000000#${keyId(3)}`;
const NONE = '0'.repeat(32);
const text = (S: string) => ({ S });
const ofKey = (n: number) => JSON.stringify({ keyId: keyId(n) });

async function sortedFaults(...damage: Damage[]): Promise<string[]> {
  return (await table.faultsAfter(...damage)).toSorted();
}

describe('keys', () => {
  test('lists, aliases and dates that miss a key', async () => {
    const rows: [string, string, number][] = [
      ['due', DUE, 3],
      [KEYS, `*#2#${keyId(1)}`, 1],
      [KEYS, `SM4#*#${keyId(2)}`, 2],
      [KEYS, 'alias#alias-1', 1],
    ];
    expect(await sortedFaults(...rows.map(([pk, sk]): Damage => [pk, sk, 'gone']))).toEqual(
      rows.map(([pk, sk, n]) => `${pk} ${sk} is missing, should be ${ofKey(n)}`),
    );
  });

  test('lists, aliases and dates with a key that is gone, disabled, another or not waiting', async () => {
    const rows: [string, string, number][] = [
      ['due', `0001795932000000#${keyId(4)}`, 4],
      ['due', `0001795932000001#${keyId(3)}`, 3],
      [KEYS, `*#*#${keyId(4)}`, 4],
      [KEYS, `*#2#${keyId(2)}`, 2],
      [KEYS, 'alias#alias-4', 4],
    ];
    const there = rows.map(([pk, sk, n]): Damage => [pk, sk, { keyId: text(keyId(n)) }]);
    expect(await sortedFaults(...there, [KEYS, 'alias#alias-1', { keyId: text(keyId(2)) }])).toEqual([
      ...rows.map(([pk, sk]) => `${pk} ${sk} should not be there`).slice(0, 4),
      `${KEYS} alias#alias-1 is ${ofKey(2)}, should be ${ofKey(1)}`,
      `${KEYS} alias#alias-4 should not be there`,
    ]);
  });

  test('how many keys there are, in all and of a spec in a state', async () => {
    const counts = { '*#*': { N: '9' }, 'SM4#3': { N: '0' }, 'SM2#2': { N: '1' } };
    expect(await sortedFaults([KEYS, 'n', counts])).toEqual([
      `*#* of ${KEYS} n is 9, should be 3`,
      `SM2#2 of ${KEYS} n is 1, should be 0`,
      `SM4#3 of ${KEYS} n is 0, should be 1`,
    ]);
  });

  test('a key that is gone without an event of its going, and all that still tells of it', async () => {
    expect(await sortedFaults([K3, 'key', 'gone'])).toEqual([
      `*#* of ${KEYS} n is 3, should be 2`,
      `*#4 of ${KEYS} n is 1, should be 0`,
      `AES_256#* of ${KEYS} n is 2, should be 1`,
      `AES_256#4 of ${KEYS} n is 1, should be 0`,
      `due ${DUE} should not be there`,
      `${K3} key is gone, its events tell: made 1, gone 0, should tell: made 1, gone 1`,
      `${KEYS} *#*#${keyId(3)} should not be there`,
      `${KEYS} *#4#${keyId(3)} should not be there`,
      `${KEYS} AES_256#*#${keyId(3)} should not be there`,
      `${KEYS} AES_256#4#${keyId(3)} should not be there`,
      `${KEYS} alias#alias-3 should not be there`,
    ]);
    expect(await sortedFaults([K1, 'key', 'gone'])).toContain(
      `${K1} key is missing, should be there for its grants: 2`,
    );
  });

  test('what is in no place that there is', async () => {
    const places: [string, string][] = [
      [`grant#${grantId(1)}`, 'other'],
      [K1, 'other'],
      [K4, 'other'],
      [KEYS, 'other'],
    ];
    expect(await sortedFaults(...places.map(([pk, sk]): Damage => [pk, sk, { keyId: text(keyId(1)) }]))).toEqual(
      places.map(([pk, sk]) => `${pk} ${sk} should not be there`),
    );
  });
});

describe('events', () => {
  const told = JSON.stringify({
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

  test.each(copies)('one of the four copies that is missing: %s', async (pk, sk) => {
    expect(await sortedFaults([pk, sk, 'gone'])).toEqual([`${pk} ${sk} is missing, should be ${told}`]);
  });

  test('copies that differ from the project’s', async () => {
    const changed = told.replace(CREATOR, GRANTEE);
    const [, ...others] = copies;
    expect(await sortedFaults(...others.map(([pk, sk]): Damage => [pk, sk, { actor: text(GRANTEE) }]))).toEqual(
      others.map(([pk, sk]) => `${pk} ${sk} is ${changed}, should be ${told}`),
    );
  });

  test('a story whose end is missing from all copies, and one with an end too many', async () => {
    const pks = [`events#${PROJECT}#6`, `grant#${grantId(3)}`, `grantee-events#${PROJECT}#${GRANTEE}`, K1];
    const end = pks.map((pk): Damage => [pk, `event#${eventId(10)}`, 'gone']);
    expect(await sortedFaults(...end)).toEqual([
      `grant#${grantId(3)} grant is gone, its events tell: made 1, gone 0, should tell: made 1, gone 1`,
    ]);
    const again = copies.map(([pk, sk]): Damage => [pk, sk, { action: text('revoke-grant') }]);
    expect(await sortedFaults(...again)).toContain(
      `grant#${grantId(1)} grant is there, its events tell: made 0, gone 1, should tell: made 1, gone 0`,
    );
  });

  test('an event in another part of the project than its key’s', async () => {
    const place = [`events#${PROJECT}#0`, `event#${eventId(6)}`] as const;
    expect(await sortedFaults([...place, { keyId: text(keyId(1)), wire: text(JSON.stringify(G1)) }])).toEqual([
      `${place.join(' ')} should not be there`,
    ]);
  });
});

describe('the directory', () => {
  test('what a list, a name, a role or an access key points to and is not there', async () => {
    const [orders, reports] = [`project#${FOREIGN_PROJECT}`, `project#${PROJECT}`];
    const lost: Damage[] = [
      [`access-key#${ACCESS_KEY}`, 'access-key', 'gone'],
      [`domain#${DOMAIN}`, 'domain', 'gone'],
      [orders, 'project', 'gone'],
      [reports, 'project', 'gone'],
      [`user#${GRANTEE}`, 'user', 'gone'],
    ];
    expect(await sortedFaults(...lost)).toEqual([
      `access-key#${ACCESS_KEY} access-key is missing, should be there for all#access-keys 0001795327200000#${ACCESS_KEY}`,
      `domain#${DOMAIN} domain is missing, should be there for user#${CREATOR} user`,
      `${reports} project is missing, should be there for user#${CREATOR} role#${PROJECT}#te_admin`,
      `${orders} project is missing, should be there for user#${CREATOR} role#${FOREIGN_PROJECT}#te_admin`,
      `user#${GRANTEE} user is missing, should be there for all#users bob#${GRANTEE}`,
    ]);
  });

  test('lists and names that miss what is there, or tell another', async () => {
    const faults = await sortedFaults(
      ['all#projects', `orders#${FOREIGN_PROJECT}`, 'gone'],
      ['all#users', `alice#${CREATOR}`, 'gone'],
      ['name#domain#-#acme', 'name', { id: text(NONE) }],
      [`name#project#${DOMAIN}#reports`, 'name', 'gone'],
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

  test('rows under another name, a second time, or in a place that tells another role', async () => {
    const rows: Damage[] = [
      ['all#access-keys', `0001795327200001#${ACCESS_KEY}`, { id: text(ACCESS_KEY) }],
      ['all#projects', `other#${PROJECT}`, { id: text(PROJECT) }],
      [`user#${CREATOR}`, `role#${PROJECT}#boss`, { projectId: text(PROJECT), role: text('te_admin') }],
    ];
    expect(await sortedFaults(...rows)).toEqual(rows.map(([pk, sk]) => `${pk} ${sk} should not be there`));
  });
});
