/** What is true of the SQLite engine alone: its file, its group commit, two processes' worth of connections on it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MIGRATIONS } from '../../../lib/store/sqlite/schema.ts';
import { openSqliteStore } from '../../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../../lib/store/store.ts';
import {
  CREATOR,
  commit,
  commitAll,
  createGrant,
  createKey,
  GRANTEE,
  grantId,
  keyId,
  NOW_MS,
  numbers,
  PROJECT,
  RETIRER,
  removeGrant,
  testGrant,
  testIdempotencyKey,
  testIdempotencyRecord,
  testKey,
} from '../../contract/fixtures.ts';
import { auditDatabase } from '../../support/oracles/sqlite.ts';

let folder: string;
let path: string;
let opened: Store[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  path = join(folder, 'store.db');
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close();
  rmSync(folder, { recursive: true });
});

function open(): Store {
  const store = openSqliteStore(path);
  opened.push(store);
  return store;
}

function rows(sql: string): unknown[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

test('what was committed is there when the file is opened again', async () => {
  const store = open();
  await commitAll(store, [createKey(testKey(1)), createGrant(testGrant(1))]);
  await store.close();
  const again = open();
  expect(await again.grants.grant(PROJECT, grantId(1))).toEqual(testGrant(1));
  expect((await again.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(1);
});

test('a change that fails in a group leaves no trace and hurts no other of the group', async () => {
  const store = open();
  await commitAll(store, [createKey(testKey(1)), createGrant(testGrant(3))]);
  const twice = testGrant(3, { name: 'the same id again' });
  const results = await Promise.allSettled([
    commit(store, createGrant(testGrant(1))),
    commit(store, createGrant(twice), { record: testIdempotencyRecord(3) }),
    commit(store, createGrant(testGrant(2))),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await store.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(3);
  expect(await store.grants.grant(PROJECT, grantId(3))).toEqual(testGrant(3));
  expect(await store.idempotency.find(testIdempotencyRecord(3).idempotencyKey, NOW_MS)).toBeUndefined();
  await store.close();
  expect(auditDatabase(path)).toEqual([]);
});

test('closing finishes the changes that wait; none is taken after it', async () => {
  const store = open();
  await commitAll(store, [createKey(testKey(1))]);
  const waiting = numbers(1, 20).map((n) => commit(store, createGrant(testGrant(n))));
  await store.close();
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ type: 'done' })));
  await expect(commit(store, createGrant(testGrant(21)))).rejects.toThrow('the store is closed');
  expect(rows('SELECT count(*) AS n FROM grants')).toEqual([{ n: 20 }]);
  expect(auditDatabase(path)).toEqual([]);
});

test('a second connection sees at once what the first committed', async () => {
  const [first, second] = [open(), open()];
  await commitAll(first, [createKey(testKey(1)), createGrant(testGrant(1))]);
  expect(await second.grants.grant(PROJECT, grantId(1))).toEqual(testGrant(1));
  await commitAll(second, [removeGrant(testGrant(1))]);
  expect(await first.grants.grant(PROJECT, grantId(1))).toBeUndefined();
  expect(await commit(first, removeGrant(testGrant(1)))).toEqual({ type: 'conflict' });
});

test('two connections that write at once lose nothing and count exactly', async () => {
  const [first, second] = [open(), open()];
  await commitAll(first, [createKey(testKey(1))]);
  for (const round of numbers(0, 20)) {
    const made = numbers(round * 10 + 1, 10).map((n) => commit(n % 2 ? first : second, createGrant(testGrant(n))));
    const gone = numbers(round * 10 - 9, 5).map((n) => commit(n % 2 ? second : first, removeGrant(testGrant(n))));
    const outcomes = await Promise.all(round === 0 ? made : [...made, ...gone]);
    expect(outcomes.every(({ type }) => type === 'done')).toBe(true);
  }
  expect((await first.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(105);
  for (const store of opened) await store.close();
  expect(auditDatabase(path)).toEqual([]);
});

test('once keys that have expired do not pile up', async () => {
  const store = open();
  await commitAll(store, [createKey(testKey(1))]);
  for (const n of numbers(1, 60)) {
    const atMs = NOW_MS + n * 1000;
    await commitAll(store, [createGrant(testGrant(n))], {
      atMs,
      record: testIdempotencyRecord(n, { expiresAtMs: atMs + 10_000 }),
    });
  }
  expect(rows('SELECT count(*) AS n FROM idempotency_records')).toEqual([{ n: 10 }]);
});

test('the file is in WAL mode, and its log is folded in when it is closed', async () => {
  const store = open();
  await commitAll(store, [createKey(testKey(1))]);
  expect(rows('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
  await store.close();
  expect(() => rmSync(`${path}-wal`)).toThrow('ENOENT');
  expect(rows('SELECT key_id FROM keys')).toEqual([{ key_id: keyId(1) }]);
});

test('a file of a newer version is refused and left as it was', async () => {
  await open().close();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version = 99');
  db.close();
  expect(() => openSqliteStore(path)).toThrow('schema 99, but this version supports only up to 5');
  expect(rows('PRAGMA user_version')).toEqual([{ user_version: 99 }]);
});

test('a file of the first version is brought up to date, and what was in it stays', async () => {
  const db = new DatabaseSync(path);
  db.exec(MIGRATIONS[0] ?? '');
  db.exec(`INSERT INTO events VALUES ('0e', 1, 'create-key', '${PROJECT}', '${keyId(1)}', NULL, 'ann', 'http', 'r', NULL, NULL, NULL);
    PRAGMA user_version = 1`);
  db.close();
  const { events, close } = openSqliteStore(path);
  const [event] = await events.list(PROJECT, {}, 10);
  expect(event).toMatchObject({ eventId: '0e', action: 'create-key', keyId: keyId(1), actor: 'ann' });
  expect(event?.upstreamRequestId).toBeUndefined();
  await close();
});

test('a file of the version before lists of grantees gets them, their totals, and the grantees of its events', async () => {
  const [held, other, gone] = [testGrant(1), testGrant(2, { grantee_principal: RETIRER }), testGrant(3)];
  const db = new DatabaseSync(path);
  db.exec(MIGRATIONS.slice(0, 2).join(''));
  db.exec(SECOND_VERSION);
  const grant = db.prepare('INSERT INTO grants VALUES (?, ?, ?, ?, ?)');
  for (const one of [held, other]) {
    grant.run(one.key_id, one.grant_id, PROJECT, one.grantee_principal, JSON.stringify(one));
  }
  const event = db.prepare("INSERT INTO events VALUES (?, 1, ?, ?, ?, ?, 'ann', 'http', 'r', NULL, NULL, ?, NULL)");
  event.run('0a', 'create-key', PROJECT, keyId(1), null, null);
  for (const [place, one] of [held, other, gone].entries()) {
    event.run(`0${'bcd'[place]}`, 'create-grant', PROJECT, keyId(1), one.grant_id, JSON.stringify(one));
  }
  event.run('0e', 'revoke-grant', PROJECT, keyId(1), gone.grant_id, JSON.stringify(gone));
  db.exec('PRAGMA user_version = 2');
  db.close();
  const store = open();
  const [ofGrantee, ofOther] = await Promise.all(
    [GRANTEE, RETIRER].map((who) => store.grants.listByGrantee(PROJECT, who, { limit: 10 })),
  );
  expect(ofGrantee).toEqual({ json: JSON.stringify([held]), total: 1, next: undefined });
  expect(ofOther).toEqual({ json: JSON.stringify([other]), total: 1, next: undefined });
  const idsOf = async (grantee: string) =>
    (await store.events.list(PROJECT, { grantee }, 10)).map(({ eventId }) => eventId);
  expect(await idsOf(GRANTEE)).toEqual(['0e', '0d', '0b']);
  expect(await idsOf(RETIRER)).toEqual(['0c']);
  expect(await store.events.list(PROJECT, {}, 10)).toHaveLength(5);
  await commitAll(store, [removeGrant(held), createGrant(testGrant(4))]);
  expect((await store.grants.listByGrantee(PROJECT, GRANTEE, { limit: 10 })).json).toBe(JSON.stringify([testGrant(4)]));
  await store.close();
  expect(auditDatabase(path)).toEqual([]);
});

/** What that version has written of a key with the grants 1 and 2 of the contract's world, besides grants and events. */
const SECOND_VERSION = `
  INSERT INTO keys VALUES ('${PROJECT}', '${keyId(1)}', 'd1', '${CREATOR}', 'reports', '', 'AES_256', 'ENCRYPT_DECRYPT', '2', 1, 0, 2, 3);
  INSERT INTO key_counts VALUES ('${PROJECT}', 'AES_256', '2', 1);
  INSERT INTO retirable VALUES ('${PROJECT}', 'user:${CREATOR}', '${grantId(1)}', '${keyId(1)}'),
    ('${PROJECT}', 'user:${CREATOR}', '${grantId(2)}', '${keyId(1)}');
  INSERT INTO retirable_n VALUES ('${PROJECT}', 'user:${CREATOR}', 2);
  INSERT INTO held VALUES ('${keyId(1)}', 'user:${GRANTEE}', '*', 1), ('${keyId(1)}', 'user:${GRANTEE}', 'encrypt-data', 1),
    ('${keyId(1)}', 'user:${GRANTEE}', 'decrypt-data', 1), ('${keyId(1)}', 'user:${RETIRER}', '*', 1),
    ('${keyId(1)}', 'user:${RETIRER}', 'encrypt-data', 1), ('${keyId(1)}', 'user:${RETIRER}', 'decrypt-data', 1);
`;

test('a file that is no database is refused and left as it was', () => {
  writeFileSync(path, 'not a database, but longer than the header of one would have to be'.repeat(20));
  expect(() => openSqliteStore(path)).toThrow('file is not a database');
});

test('a token that ran out a day ago is dropped with the next new one', async () => {
  const DAY_MS = 86_400_000;
  const { directory } = open();
  await directory.addProject({ projectId: 'p1', domainId: 'd1', name: 'east' }, { domainId: 'd1', name: 'acme' });
  await directory.addUser({ userId: 'u1', domainId: 'd1', name: 'ann', passwordHash: 'scrypt:a:b', enabled: true });
  const token = (n: number, issuedAtMs: number, expiresAtMs: number) =>
    directory.addToken({ tokenHash: testIdempotencyKey(n), userId: 'u1', projectId: 'p1', issuedAtMs, expiresAtMs });
  await token(1, NOW_MS, NOW_MS + 1000);
  await token(2, NOW_MS + 1000 + DAY_MS - 1, NOW_MS + 9 * DAY_MS);
  expect(await directory.session(testIdempotencyKey(1))).toBeDefined();
  await token(3, NOW_MS + 1000 + DAY_MS, NOW_MS + 9 * DAY_MS);
  expect(await directory.session(testIdempotencyKey(1))).toBeUndefined();
  expect(await directory.session(testIdempotencyKey(2))).toBeDefined();
});
