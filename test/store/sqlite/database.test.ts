/** SQLite only: the database file, its migrations, group commit, and two connections to one file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MIGRATIONS } from '../../../lib/store/sqlite/schema.ts';
import { openSqlite, openSqliteStore } from '../../../lib/store/sqlite/sqlite.ts';
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
  testEvent,
  testGrant,
  testIdempotencyKey,
  testIdempotencyRecord,
  testKey,
} from '../../contract/fixtures.ts';
import { testJob } from '../../contract/jobs.ts';
import { auditDatabase } from '../../support/oracles/sqlite.ts';
import { sqliteRows } from '../../support/stored-rows.ts';

let folder: string;
let path: string;
let stores: Store[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  path = join(folder, 'store.db');
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(folder, { recursive: true });
});

function open(): Store {
  const store = openSqliteStore(path);
  stores.push(store);
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

test('committed changes are still stored after the file is opened again', async () => {
  const store = open();
  await commitAll(store, [createKey(testKey(1)), createGrant(testGrant(1))]);
  await store.close();
  const reopened = open();
  expect(await reopened.grants.grant(PROJECT, grantId(1))).toEqual(testGrant(1));
  expect((await reopened.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(1);
});

test('a write that fails in a group commit is rolled back alone', async () => {
  const store = open();
  await commitAll(store, [createKey(testKey(1)), createGrant(testGrant(3))]);
  const duplicate = testGrant(3, { name: 'the same id again' });
  const results = await Promise.allSettled([
    commit(store, createGrant(testGrant(1))),
    commit(store, createGrant(duplicate), { record: testIdempotencyRecord(3) }),
    commit(store, createGrant(testGrant(2))),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await store.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(3);
  expect(await store.grants.grant(PROJECT, grantId(3))).toEqual(testGrant(3));
  expect(await store.idempotency.find(testIdempotencyRecord(3).idempotencyKey, NOW_MS)).toBeUndefined();
  await store.close();
  expect(auditDatabase(path)).toEqual([]);
});

test('closing the store commits pending changes, and later changes are refused', async () => {
  const store = open();
  await commitAll(store, [createKey(testKey(1))]);
  const pending = numbers(1, 20).map((n) => commit(store, createGrant(testGrant(n))));
  await store.close();
  expect(await Promise.all(pending)).toEqual(pending.map(() => ({ type: 'done' })));
  await expect(commit(store, createGrant(testGrant(21)))).rejects.toThrow('the store is closed');
  expect(rows('SELECT count(*) AS n FROM grants')).toEqual([{ n: 20 }]);
  expect(auditDatabase(path)).toEqual([]);
});

test('a second connection reads what the first one has just committed', async () => {
  const [first, second] = [open(), open()];
  await commitAll(first, [createKey(testKey(1)), createGrant(testGrant(1))]);
  expect(await second.grants.grant(PROJECT, grantId(1))).toEqual(testGrant(1));
  await commitAll(second, [removeGrant(testGrant(1))]);
  expect(await first.grants.grant(PROJECT, grantId(1))).toBeUndefined();
  expect(await commit(first, removeGrant(testGrant(1)))).toEqual({ type: 'conflict' });
});

test('two connections that write concurrently lose no change and count exactly', async () => {
  const [first, second] = [open(), open()];
  await commitAll(first, [createKey(testKey(1))]);
  for (const round of numbers(0, 20)) {
    const created = numbers(round * 10 + 1, 10).map((n) => commit(n % 2 ? first : second, createGrant(testGrant(n))));
    const removed = numbers(round * 10 - 9, 5).map((n) => commit(n % 2 ? second : first, removeGrant(testGrant(n))));
    const results = await Promise.all(round === 0 ? created : [...created, ...removed]);
    expect(results.every(({ type }) => type === 'done')).toBe(true);
  }
  expect((await first.grants.key(PROJECT, keyId(1)))?.grantCount).toBe(105);
  for (const store of stores) await store.close();
  expect(auditDatabase(path)).toEqual([]);
});

test('expired idempotency records are deleted as new ones are stored', async () => {
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

test('the file is in WAL mode, and closing it merges and deletes the WAL', async () => {
  const store = open();
  await commitAll(store, [createKey(testKey(1))]);
  expect(rows('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
  await store.close();
  expect(() => rmSync(`${path}-wal`)).toThrow('ENOENT');
  expect(rows('SELECT key_id FROM keys')).toEqual([{ key_id: keyId(1) }]);
});

test('a file of a newer schema version is refused and not changed', async () => {
  await open().close();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version = 99');
  db.close();
  expect(() => openSqliteStore(path)).toThrow(`schema 99, but this version supports only up to ${MIGRATIONS.length}`);
  expect(rows('PRAGMA user_version')).toEqual([{ user_version: 99 }]);
});

test('a file of the first schema version is migrated with its events', async () => {
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

test('a file of schema version 2 gets the lists of grantees, their totals, and the grantees of its events', async () => {
  const [held, other, revoked] = [testGrant(1), testGrant(2, { grantee_principal: RETIRER }), testGrant(3)];
  const db = new DatabaseSync(path);
  db.exec(MIGRATIONS.slice(0, 2).join(''));
  db.exec(SECOND_VERSION);
  const grant = db.prepare('INSERT INTO grants VALUES (?, ?, ?, ?, ?)');
  for (const row of [held, other]) {
    grant.run(row.key_id, row.grant_id, PROJECT, row.grantee_principal, JSON.stringify(row));
  }
  const event = db.prepare("INSERT INTO events VALUES (?, 1, ?, ?, ?, ?, 'ann', 'http', 'r', NULL, NULL, ?, NULL)");
  event.run('0a', 'create-key', PROJECT, keyId(1), null, null);
  for (const [index, row] of [held, other, revoked].entries()) {
    event.run(`0${'bcd'[index]}`, 'create-grant', PROJECT, keyId(1), row.grant_id, JSON.stringify(row));
  }
  event.run('0e', 'revoke-grant', PROJECT, keyId(1), revoked.grant_id, JSON.stringify(revoked));
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

/** The rows of schema version 2 for a key with the fixture grants 1 and 2, besides those of grants and events. */
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

test('a file of schema version 4 keeps its jobs, messages, outbox and idempotency records', async () => {
  const event = testEvent(createKey(testKey(1)));
  const { failedAttempts, ...job } = testJob(1, { failedAttempts: 3 });
  const db = new DatabaseSync(path);
  db.exec(MIGRATIONS.slice(0, 4).join(''));
  db.prepare('INSERT INTO jobs VALUES (?, 0, 0, 1, 1, ?)').run(job.jobId, JSON.stringify({ ...job, tries: 3 }));
  db.exec(`INSERT INTO queue (due_at_ms, tries, is_taken, work) VALUES (1, 2, 0, '{"kind":"outbox"}');
    INSERT INTO dead_letters (work) VALUES ('{"kind":"job","jobId":"1"}');
    INSERT INTO events (event_id, at_ms, action, project_id, key_id, actor, door, request_id)
      VALUES ('${event.eventId}', 1, 'create-key', '${PROJECT}', '${keyId(1)}', 'ann', 'webhook', 'r');
    INSERT INTO outbox (event_id) VALUES ('${event.eventId}');
    INSERT INTO seen VALUES ('feed', ${NOW_MS + 1}, '{"grant_id":"g"}');
    PRAGMA user_version = 4`);
  db.close();
  const { store, queue } = openSqlite(path, { hasOutbox: true });
  stores.push(store);
  expect(await store.jobs.job(job.jobId)).toEqual({ ...job, failedAttempts });
  expect(await queue.receive(10)).toMatchObject([{ message: { kind: 'outbox' }, receiveCount: 3 }]);
  expect(await queue.listDeadLetters()).toEqual([{ kind: 'job', jobId: '1' }]);
  expect(await store.outbox.list(10)).toMatchObject([{ eventId: event.eventId, channel: 'webhook' }]);
  expect(await store.idempotency.find('feed', NOW_MS)).toEqual({ answer: { grant_id: 'g' } });
});

test('a file of schema version 5 keeps its mappings, found in each Unicode normalisation, its jobs and messages', async () => {
  const db = new DatabaseSync(path);
  db.exec(MIGRATIONS.slice(0, 5).join(''));
  const insert = db.prepare('INSERT INTO mappings VALUES (?, ?, ?)');
  insert.run('jose\u0301@example.com', '*', 'u1');
  insert.run('00uANN', 'okta', 'u2');
  db.prepare('INSERT INTO jobs VALUES (?, 0, 0, 1, 1, ?)').run(testJob(1).jobId, JSON.stringify(testJob(1)));
  db.exec(`INSERT INTO queue (due_at_ms, receive_count, is_in_flight, message) VALUES
      (1, 0, 0, '{"kind":"job","jobId":"1"}'), (1, 0, 0, '{"kind":"outbox"}'),
      (1, 0, 0, '{"kind":"delivery","target":"siem","messageId":"m","body":""}');
    PRAGMA user_version = 5`);
  db.close();
  const { mappings, jobs } = open();
  expect(await jobs.countOpen('okta', 10)).toBe(1);
  expect(sqliteRows(path)['queue']).toMatchObject([
    { message_group: 'job:' },
    { message_group: 'outbox' },
    { message_group: 'delivery:siem' },
  ]);
  const [ann, jose] = [
    { source: 'okta', identity: '00uANN', grantee: 'u2' },
    { source: '*', identity: 'jose\u0301@example.com', grantee: 'u1' },
  ] as const;
  expect(await mappings.list()).toEqual([ann, jose]);
  expect(await mappings.find('*', 'jos\u00e9@example.com')).toEqual([jose]);
  expect(await mappings.find('okta', '00uANN')).toEqual([ann]);
  await mappings.put({ ...ann, grantee: 'u3' });
  expect(await mappings.find('okta', '00uANN')).toHaveLength(2);
  expect(await mappings.remove(jose)).toBe(true);
});

test('a file that is no database is refused', () => {
  writeFileSync(path, 'not a database, but longer than the header of one would have to be'.repeat(20));
  expect(() => openSqliteStore(path)).toThrow('file is not a database');
});

test('a token that expired a day ago is deleted with the next new token', async () => {
  const DAY_MS = 86_400_000;
  const { directory } = open();
  await directory.addProject({ projectId: 'p1', domainId: 'd1', name: 'east' }, { domainId: 'd1', name: 'acme' });
  await directory.addUser({ userId: 'u1', domainId: 'd1', name: 'ann', passwordHash: 'scrypt:a:b', enabled: true });
  const token = (n: number, issuedAtMs: number, expiresAtMs: number) =>
    directory.addToken(
      {
        tokenHash: testIdempotencyKey(n),
        userId: 'u1',
        projectId: 'p1',
        methods: [],
        ancestors: [],
        issuedAtMs,
        expiresAtMs,
      },
      'scrypt:a:b',
    );
  await token(1, NOW_MS, NOW_MS + 1000);
  await token(2, NOW_MS + 1000 + DAY_MS - 1, NOW_MS + 9 * DAY_MS);
  expect(await directory.session(testIdempotencyKey(1))).toBeDefined();
  await token(3, NOW_MS + 1000 + DAY_MS, NOW_MS + 9 * DAY_MS);
  expect(await directory.session(testIdempotencyKey(1))).toBeUndefined();
  expect(await directory.session(testIdempotencyKey(2))).toBeDefined();
});
