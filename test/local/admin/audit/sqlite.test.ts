/** The audit of a database file: an intact file has no faults, and each change made by hand is reported by name. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openSqliteStore } from '../../../../lib/store/sqlite/sqlite.ts';
import { auditSqlite } from '../../../../local/admin/audit/sqlite.ts';
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
import { ACCESS_KEY, eventId, fillDirectory, fillKeys, G1, G2, G3, makeRandomChanges } from './history.ts';

const folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
const intact = join(folder, 'intact.db');
const damaged = join(folder, 'damaged.db');

beforeAll(async () => {
  const store = openSqliteStore(intact);
  await fillDirectory(store);
  await fillKeys(store);
  const token = {
    tokenHash: 'feed',
    userId: CREATOR,
    projectId: PROJECT,
    methods: [],
    ancestors: [],
    issuedAtMs: 0,
    expiresAtMs: 1,
  };
  await store.directory.addToken(token, 'scrypt:none');
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Audits a copy of the intact file after these statements changed it. @returns the faults */
function faultsAfter(...statements: string[]): string[] {
  copyFileSync(intact, damaged);
  const db = new DatabaseSync(damaged, { enableForeignKeyConstraints: false });
  for (const statement of statements) if (db.prepare(statement).run().changes === 0) throw new Error(statement);
  db.close();
  return auditSqlite(damaged).faults;
}

const [K1, K2, K3, K4] = [1, 2, 3, 4].map(keyId);
const [wire1, wire2, wire3] = [G1, G2, G3].map((grant) => JSON.stringify(grant)) as [string, string, string];
const BROKEN_2 = `UPDATE grants SET wire = '{}' WHERE grant_id = '${grantId(2)}'`;
const NONE = '0'.repeat(32);

test('an intact file has no faults, and the audit counts its contents', () => {
  expect(auditSqlite(intact)).toEqual({ projects: 2, keys: 4, grants: 2, events: 15, faults: [], unsettled: 0 });
});

test('a file with a long random history has no faults, while a service has it open', async () => {
  const path = join(folder, 'random.db');
  const store = openSqliteStore(path);
  await fillDirectory(store);
  await makeRandomChanges(store, 60);
  const { faults, keys, grants, events } = auditSqlite(path);
  await store.close();
  expect(faults).toEqual([]);
  expect(Math.min(keys, grants)).toBeGreaterThan(0);
  expect(events).toBeGreaterThan(20);
});

describe('counters and index rows', () => {
  test('a wrong number of grants of a key is reported', () => {
    expect(faultsAfter(`UPDATE keys SET grant_count = 3 WHERE key_id = '${K1}'`)).toEqual([
      `grant_count of keys project_id=${PROJECT} key_id=${K1} is 3, should be 2`,
    ]);
  });

  test('a wrong number of keys by spec and state is reported, also where it should be 0', () => {
    const ofSm4 = `UPDATE key_counts SET n = 4 WHERE key_spec = 'SM4' AND state = '3'`;
    expect(faultsAfter(ofSm4, `INSERT INTO key_counts VALUES ('${PROJECT}', 'SM2', '2', 1)`)).toEqual([
      `n of key_counts project_id=${PROJECT} key_spec=SM2 state=2 is 1, should be 0`,
      `n of key_counts project_id=${PROJECT} key_spec=SM4 state=3 is 4, should be 1`,
    ]);
  });

  test('a grant that is missing from the list of retirable grants is reported, and so is a removed one in it', () => {
    const missing = `DELETE FROM retirable WHERE principal = 'user:${RETIRER}'`;
    const extra = `INSERT INTO retirable VALUES ('${PROJECT}', 'user:${CREATOR}', '${grantId(3)}', '${K1}')`;
    expect(faultsAfter(missing, extra)).toEqual([
      `retirable project_id=${PROJECT} principal=user:${CREATOR} grant_id=${grantId(3)} key_id=${K1} should not exist`,
      `retirable project_id=${PROJECT} principal=user:${RETIRER} grant_id=${grantId(1)} key_id=${K1} is missing, should be present`,
    ]);
  });

  test('a grant that is missing from the list of its grantee is reported, a removed one in it, and a wrong total', () => {
    const missing = `DELETE FROM retirable WHERE principal = 'grantee:${DOMAIN}'`;
    const extra = `INSERT INTO retirable VALUES ('${PROJECT}', 'grantee:${GRANTEE}', '${grantId(3)}', '${K1}')`;
    expect(faultsAfter(missing, extra, `UPDATE retirable_n SET n = 5 WHERE principal = 'grantee:${GRANTEE}'`)).toEqual([
      `n of retirable_n project_id=${PROJECT} principal=grantee:${GRANTEE} is 5, should be 1`,
      `retirable project_id=${PROJECT} principal=grantee:${GRANTEE} grant_id=${grantId(3)} key_id=${K1} should not exist`,
      `retirable project_id=${PROJECT} principal=grantee:${DOMAIN} grant_id=${grantId(2)} key_id=${K1} is missing, should be present`,
    ]);
  });

  test('a wrong number of retirable grants is reported, for one principal and for a user with a domain', () => {
    const ofBoth = `UPDATE retirable_n SET n = 7 WHERE principal LIKE '%+%'`;
    expect(faultsAfter(ofBoth, `DELETE FROM retirable_n WHERE principal = 'user:${RETIRER}'`)).toEqual([
      `n of retirable_n project_id=${PROJECT} principal=user:${CREATOR}+domain:${DOMAIN} is 7, should be 1`,
      `n of retirable_n project_id=${PROJECT} principal=user:${RETIRER} is 0, should be 1`,
    ]);
  });

  test('wrong numbers of operations that a principal holds on a key are reported, also on a key without grants', () => {
    const more = `UPDATE held SET n = 2 WHERE principal = 'user:${GRANTEE}' AND operation = 'encrypt-data'`;
    const less = `DELETE FROM held WHERE principal = 'domain:${DOMAIN}' AND operation = '*'`;
    expect(faultsAfter(more, less, `INSERT INTO held VALUES ('${K2}', 'user:${GRANTEE}', '*', 1)`)).toEqual([
      `n of held key_id=${K1} principal=domain:${DOMAIN} operation=* is 0, should be 1`,
      `n of held key_id=${K1} principal=user:${GRANTEE} operation=encrypt-data is 2, should be 1`,
      `n of held key_id=${K2} principal=user:${GRANTEE} operation=* is 1, should be 0`,
    ]);
  });

  test('a counter of 0 is no fault where none is expected', () => {
    expect(faultsAfter(`INSERT INTO retirable_n VALUES ('${PROJECT}', 'user:${NONE}', 0)`)).toEqual([]);
  });
});

describe('the grants and keys themselves', () => {
  test('a grant whose columns and stored text differ is reported, and one whose text is not a grant', () => {
    const [otherGrantee, broken] = [`UPDATE grants SET grantee = '${NONE}' WHERE grant_id = '${grantId(1)}'`, BROKEN_2];
    const faults = faultsAfter(otherGrantee, broken);
    expect(faults.slice(0, 2)).toEqual([
      `wire of grants key_id=${K1} grant_id=${grantId(1)} is of key ${K1}, grant ${grantId(1)}, grantee ${GRANTEE}, should be of key ${K1}, grant ${grantId(1)}, grantee ${NONE}`,
      `wire of grants key_id=${K1} grant_id=${grantId(2)} is not a grant, should be of key ${K1}, grant ${grantId(2)}, grantee ${DOMAIN}`,
    ]);
    expect(faults).toContain(`grant_wire of events event_id=${eventId(7)} is ${wire2}, should be {}`);
  });

  test('a deleted grant without a removal event is reported, with every counter and row that still includes it', () => {
    expect(faultsAfter(`DELETE FROM grants WHERE grant_id = '${grantId(2)}'`)).toEqual([
      `grant_count of keys project_id=${PROJECT} key_id=${K1} is 2, should be 1`,
      `n of retirable_n project_id=${PROJECT} principal=domain:${DOMAIN} is 1, should be 0`,
      `n of retirable_n project_id=${PROJECT} principal=grantee:${DOMAIN} is 1, should be 0`,
      `n of retirable_n project_id=${PROJECT} principal=user:${CREATOR} is 2, should be 1`,
      `n of retirable_n project_id=${PROJECT} principal=user:${CREATOR}+domain:${DOMAIN} is 1, should be 0`,
      `n of held key_id=${K1} principal=domain:${DOMAIN} operation=* is 1, should be 0`,
      `n of held key_id=${K1} principal=domain:${DOMAIN} operation=describe-key is 1, should be 0`,
      `n of held key_id=${K1} principal=domain:${DOMAIN} operation=retire-grant is 1, should be 0`,
      `retirable project_id=${PROJECT} principal=domain:${DOMAIN} grant_id=${grantId(2)} key_id=${K1} should not exist`,
      `retirable project_id=${PROJECT} principal=grantee:${DOMAIN} grant_id=${grantId(2)} key_id=${K1} should not exist`,
      `retirable project_id=${PROJECT} principal=user:${CREATOR} grant_id=${grantId(2)} key_id=${K1} should not exist`,
      `grants grant_id=${grantId(2)} does not exist, but its events say: created 1, removed 0; should be: created 1, removed 1`,
    ]);
  });

  test('a deleted key without a deletion event is reported, with its grants that remain', () => {
    expect(faultsAfter(`DELETE FROM keys WHERE key_id = '${K1}'`)).toEqual([
      `key of grants key_id=${K1} grant_id=${grantId(1)} is missing, should be in project ${PROJECT}`,
      `key of grants key_id=${K1} grant_id=${grantId(2)} is missing, should be in project ${PROJECT}`,
      `n of key_counts project_id=${PROJECT} key_spec=AES_256 state=2 is 1, should be 0`,
      `keys key_id=${K1} does not exist, but its events say: created 1, removed 0; should be: created 1, removed 1`,
    ]);
  });

  test('of a file with damaged pages only the damage is reported', () => {
    const db = new DatabaseSync(intact, { readOnly: true });
    const page = Number(
      db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'grants_by_id'").get()?.['rootpage'],
    );
    db.close();
    const bytes = readFileSync(intact);
    bytes.fill(0, 4096 * page - 100, 4096 * page);
    writeFileSync(damaged, bytes);
    const { faults, keys } = auditSqlite(damaged);
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault).toMatch(/^the file is damaged: /);
    expect(keys).toBe(0);
  });
});

describe('events', () => {
  test('of changes at an upstream KMS say nothing about the keys and grants of this file', () => {
    const foreign = `INSERT INTO events SELECT 'ff' || substr(event_id, 3), at_ms, action, project_id, 'elsewhere', 'feed', actor,
      channel, request_id, sequence, reason, NULL, '', NULL, NULL, NULL, NULL, NULL FROM events WHERE event_id = '${eventId(10)}'`;
    expect(faultsAfter(foreign)).toEqual([]);
  });

  test('of failed revocations are no removals, neither of an existing grant nor of a removed one', () => {
    const failedRevoke = (
      n: number,
    ) => `INSERT INTO events SELECT 'ff' || substr(event_id, 3), at_ms, 'revoke-grant', project_id, key_id,
      grant_id, actor, channel, request_id, sequence, reason, grant_wire, NULL, 'KMS.0306', grantee, NULL, NULL, NULL FROM events WHERE event_id = '${eventId(n)}'`;
    expect(faultsAfter(failedRevoke(6), failedRevoke(10))).toEqual([]);
  });

  test('events of a source that only observes do not count as removals of their grants', () => {
    const observed = `INSERT INTO events SELECT 'ff' || substr(event_id, 3), at_ms, 'principal.disabled', project_id, key_id,
      grant_id, actor, channel, request_id, sequence, reason, grant_wire, NULL, NULL, grantee, NULL, NULL, 1 FROM events WHERE event_id = '${eventId(6)}'`;
    expect(faultsAfter(observed)).toEqual([]);
  });

  test('a missing removal event, a second creation event and a second removal event are reported', () => {
    const copyOf = `INSERT INTO events SELECT 'ff' || substr(event_id, 3), at_ms, action, project_id, key_id, grant_id, actor,
      channel, request_id, sequence, reason, grant_wire, upstream_request_id, failure, grantee, passed_on, approved_by, is_observed FROM events WHERE event_id`;
    const missing = `DELETE FROM events WHERE event_id = '${eventId(10)}'`;
    expect(
      faultsAfter(
        missing,
        `${copyOf} = '${eventId(6)}'`,
        `${copyOf} = '${eventId(14)}'`,
        `${copyOf} = '${eventId(15)}'`,
      ),
    ).toEqual([
      `grants grant_id=${grantId(1)} exists, but its events say: created 2, removed 0; should be: created 1, removed 0`,
      `grants grant_id=${grantId(3)} does not exist, but its events say: created 1, removed 0; should be: created 1, removed 1`,
      `grants grant_id=${grantId(4)} does not exist, but its events say: created 1, removed 2; should be: created 1, removed 1`,
      `keys key_id=${K4} does not exist, but its events say: created 1, removed 2; should be: created 1, removed 1`,
    ]);
  });

  test('a missing creation event of an existing key is reported', () => {
    expect(faultsAfter(`DELETE FROM events WHERE event_id = '${eventId(3)}'`)).toEqual([
      `keys key_id=${K3} exists, but its events say: created 0, removed 0; should be: created 1, removed 0`,
    ]);
  });

  test('a grantee column that differs from the grantee in the stored grant is reported', () => {
    expect(faultsAfter(`UPDATE events SET grantee = '${NONE}' WHERE event_id = '${eventId(7)}'`)).toEqual([
      `grantee of events event_id=${eventId(7)} is ${NONE}, should be ${DOMAIN}`,
    ]);
  });

  test('a grant text that differs from the existing or removed grant is reported', () => {
    const setGrant = (n: number, text: string) =>
      `UPDATE events SET grant_wire = '${text}' WHERE event_id = '${eventId(n)}'`;
    const [other1, other3] = [wire1, wire3].map((wire) => wire.replace('encrypt-data', 'describe-key')) as [
      string,
      string,
    ];
    expect(faultsAfter(setGrant(6, other1), setGrant(10, other3))).toEqual([
      `grant_wire of events event_id=${eventId(6)} is ${other1}, should be ${wire1}`,
      `grant_wire of events event_id=${eventId(10)} is ${other3}, should be ${wire3}`,
    ]);
  });

  test('id columns that differ from the stored grant are reported, and a project other than that of the key', () => {
    const moved = `UPDATE events SET key_id = '${K2}' WHERE event_id = '${eventId(8)}'`;
    const wrongProject = `UPDATE events SET project_id = '${FOREIGN_PROJECT}' WHERE event_id = '${eventId(11)}'`;
    const withoutGrant = `UPDATE events SET grant_wire = NULL WHERE event_id = '${eventId(7)}'`;
    expect(faultsAfter(moved, wrongProject, withoutGrant)).toEqual([
      `ids of events event_id=${eventId(7)} is ${K1} ${grantId(2)}, should be none`,
      `ids of events event_id=${eventId(8)} is ${K2} ${grantId(3)}, should be ${K1} ${grantId(3)}`,
      `grant_wire of events event_id=${eventId(7)} is missing, should be ${wire2}`,
      `project_id of events event_id=${eventId(11)} is ${FOREIGN_PROJECT}, should be ${PROJECT}`,
      `grantee of events event_id=${eventId(7)} is ${DOMAIN}, should be none`,
    ]);
  });
});

test('a reference of the directory to a missing domain, user or project is reported', () => {
  const [role, otherRole] = [
    `te_admin' AND project_id = '${PROJECT}`,
    `te_admin' AND project_id = '${FOREIGN_PROJECT}`,
  ];
  const set = (table: string, column: string, where: string) =>
    `UPDATE ${table} SET ${column} = '${NONE}' WHERE ${where}'`;
  expect(
    faultsAfter(
      set('projects', 'domain_id', `name = 'orders`),
      set('users', 'domain_id', `name = 'bob`),
      set('roles', 'user_id', `role = '${role}`),
      set('roles', 'project_id', `role = '${otherRole}`),
      set('access_keys', 'user_id', `access_key = '${ACCESS_KEY}`),
      set('tokens', 'user_id', `token_hash = 'feed`),
      set('tokens', 'project_id', `token_hash = 'feed`),
      set('tokens', 'scope_domain_id', `token_hash = 'feed`),
    ),
  ).toEqual([
    `domain_id of projects project_id=${FOREIGN_PROJECT} is ${NONE}, should be one of domains`,
    `domain_id of users user_id=${GRANTEE} is ${NONE}, should be one of domains`,
    `user_id of roles user_id=${NONE} project_id=${PROJECT} role=te_admin is ${NONE}, should be one of users`,
    `project_id of roles user_id=${CREATOR} project_id=${NONE} role=te_admin is ${NONE}, should be one of projects`,
    `user_id of access_keys access_key=${ACCESS_KEY} is ${NONE}, should be one of users`,
    `user_id of tokens token_hash=feed is ${NONE}, should be one of users`,
    `project_id of tokens token_hash=feed is ${NONE}, should be one of projects`,
    `scope_domain_id of tokens token_hash=feed is ${NONE}, should be one of domains`,
  ]);
});
