/**
 * The tables, and what reads each. Rows are clustered by the key they are read by (WITHOUT ROWID), so a page is one
 * walk along neighbours. All counts are kept by the change that alters them; a read adds up a handful at most.
 *
 * | table        | primary key                     | read by                                             |
 * |--------------|---------------------------------|-----------------------------------------------------|
 * | keys         | project_id, key_id              | every grant API; list-keys; by alias; by due date    |
 * | key_counts   | project_id, key_spec, state     | total of list-keys; quota of keys                   |
 * | grants       | key_id, grant_id                | list-grants; by grant_id alone; by grantee          |
 * | retirable    | project_id, principal, grant_id | list-retirable-grants, list-principal-grants        |
 * | retirable_n  | project_id, principal           | their totals                                        |
 * | held         | key_id, principal, operation    | create-grant by a grantee; total of a grantee filter |
 * | events       | event_id                        | receipts of a project, a key, a grant, a grantee; the creator of a key elsewhere |
 * | idempotency_records | idempotency_key                   | every change, for the answer of a repeat            |
 * | jobs         | job_id                          | what hooks have started: open ones, the newest      |
 * | mappings     | identity, source                | who an outside identity is                          |
 * | outbox       | place                           | events yet to be told, in the order of commit       |
 * | queue        | message_id                      | work that waits, by when it is due                  |
 * | dead_letters | letter_id                       | work that was given up                              |
 * | tokens …     | one each                        | directory.ts                                        |
 *
 * `principal` is `user:<id>` or `domain:<id>`; in `retirable_n` also `user:<id>+domain:<id>`, the grants that both may
 * retire, so that the count of either is exact; and `grantee:<id>`, the grants that are held. In `held`, operation `*` counts the grants themselves.
 */
const FIRST = `
CREATE TABLE keys (
  project_id TEXT NOT NULL, key_id TEXT NOT NULL, domain_id TEXT NOT NULL, creator TEXT NOT NULL,
  alias TEXT NOT NULL, description TEXT NOT NULL, key_spec TEXT NOT NULL, key_usage TEXT NOT NULL,
  state TEXT NOT NULL, created_at_ms INTEGER NOT NULL, deletion_at_ms INTEGER NOT NULL, grant_count INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (project_id, key_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX keys_by_id ON keys (key_id);
CREATE UNIQUE INDEX keys_by_alias ON keys (project_id, alias);
CREATE INDEX keys_by_spec ON keys (project_id, key_spec, key_id);
CREATE INDEX keys_by_state ON keys (project_id, state, key_id);
CREATE INDEX keys_by_spec_and_state ON keys (project_id, key_spec, state, key_id);
CREATE INDEX keys_due ON keys (deletion_at_ms) WHERE deletion_at_ms > 0;

CREATE TABLE key_counts (
  project_id TEXT NOT NULL, key_spec TEXT NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (project_id, key_spec, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
  key_id TEXT NOT NULL, grant_id TEXT NOT NULL, project_id TEXT NOT NULL, grantee TEXT NOT NULL,
  wire TEXT NOT NULL,
  PRIMARY KEY (key_id, grant_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX grants_by_id ON grants (grant_id);
CREATE INDEX grants_by_grantee ON grants (key_id, grantee, grant_id);

CREATE TABLE retirable (
  project_id TEXT NOT NULL, principal TEXT NOT NULL, grant_id TEXT NOT NULL, key_id TEXT NOT NULL,
  PRIMARY KEY (project_id, principal, grant_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE retirable_n (
  project_id TEXT NOT NULL, principal TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (project_id, principal)
) STRICT, WITHOUT ROWID;

CREATE TABLE held (
  key_id TEXT NOT NULL, principal TEXT NOT NULL, operation TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (key_id, principal, operation)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  event_id TEXT NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, action TEXT NOT NULL, project_id TEXT NOT NULL,
  key_id TEXT NOT NULL, grant_id TEXT, actor TEXT NOT NULL, door TEXT NOT NULL, request_id TEXT NOT NULL,
  sequence TEXT, reason TEXT, grant_wire TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_project ON events (project_id, event_id);
CREATE INDEX events_by_key ON events (project_id, key_id, event_id);
CREATE INDEX events_by_grant ON events (grant_id, event_id) WHERE grant_id IS NOT NULL;

CREATE TABLE seen (
  once_key TEXT NOT NULL PRIMARY KEY, expires_at_ms INTEGER NOT NULL, answer TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_expiry ON seen (expires_at_ms);

CREATE TABLE domains (domain_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT, WITHOUT ROWID;
CREATE TABLE projects (
  project_id TEXT NOT NULL PRIMARY KEY, domain_id TEXT NOT NULL REFERENCES domains, name TEXT NOT NULL,
  UNIQUE (domain_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE users (
  user_id TEXT NOT NULL PRIMARY KEY, domain_id TEXT NOT NULL REFERENCES domains, name TEXT NOT NULL,
  password_hash TEXT NOT NULL, enabled INTEGER NOT NULL, UNIQUE (domain_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE roles (
  user_id TEXT NOT NULL REFERENCES users, project_id TEXT NOT NULL REFERENCES projects, role TEXT NOT NULL,
  PRIMARY KEY (user_id, project_id, role)
) STRICT, WITHOUT ROWID;
CREATE TABLE access_keys (
  access_key TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, sealed_secret BLOB NOT NULL,
  enabled INTEGER NOT NULL, created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_keys_by_user ON access_keys (user_id);
CREATE TABLE tokens (
  token_hash TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users,
  project_id TEXT REFERENCES projects, issued_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_expiry ON tokens (expires_at_ms);
CREATE INDEX tokens_by_user ON tokens (user_id);
`;

/** Of changes made by another KMS; see `ChangeEvent.upstreamRequestId`. */
const UPSTREAM = `
ALTER TABLE events ADD COLUMN upstream_request_id TEXT;
CREATE INDEX events_of_making ON events (project_id, key_id)
  WHERE action = 'create-key' AND upstream_request_id IS NOT NULL;
`;

/** Lists of what a grantee holds across keys, and its receipts; see `heldBy` in principals.ts. */
const GRANTEES = `
INSERT INTO retirable SELECT project_id, 'grantee:' || grantee, grant_id, key_id FROM grants;
INSERT INTO retirable_n SELECT project_id, 'grantee:' || grantee, count(*) FROM grants GROUP BY project_id, grantee;
ALTER TABLE events ADD COLUMN failure TEXT;
ALTER TABLE events ADD COLUMN grantee TEXT;
UPDATE events SET grantee = grant_wire ->> 'grantee_principal' WHERE grant_wire IS NOT NULL;
CREATE INDEX events_by_grantee ON events (project_id, grantee, event_id) WHERE grantee IS NOT NULL;
`;

/**
 * What hooks have started and whom they mean, what is to be told, and the work that waits. Jobs and messages can be
 * large, so their rows are not clustered by a key.
 */
const HOOKS = `
CREATE TABLE jobs (
  job_id TEXT NOT NULL PRIMARY KEY, is_ended INTEGER NOT NULL, revision INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL, due_at_ms INTEGER NOT NULL, job TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_by_end ON jobs (is_ended, due_at_ms);
CREATE INDEX jobs_by_time ON jobs (received_at_ms);

CREATE TABLE mappings (
  identity TEXT NOT NULL, source TEXT NOT NULL, grantee TEXT NOT NULL,
  PRIMARY KEY (identity, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (place INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE queue (
  message_id INTEGER PRIMARY KEY AUTOINCREMENT, due_at_ms INTEGER NOT NULL, tries INTEGER NOT NULL,
  is_taken INTEGER NOT NULL, work TEXT NOT NULL
) STRICT;
CREATE INDEX queue_by_due ON queue (due_at_ms, message_id);
CREATE TABLE dead_letters (letter_id INTEGER PRIMARY KEY AUTOINCREMENT, work TEXT NOT NULL) STRICT;
`;

/** The names that version 0.2.0 uses. */
const NAMES = `
ALTER TABLE events RENAME COLUMN door TO channel;
ALTER TABLE seen RENAME TO idempotency_records;
ALTER TABLE idempotency_records RENAME COLUMN once_key TO idempotency_key;
DROP INDEX seen_by_expiry;
CREATE INDEX idempotency_records_by_expiry ON idempotency_records (expires_at_ms);
`;

/** What takes a file from each version to the next; `user_version` counts those applied. Only ever append. */
export const MIGRATIONS: readonly string[] = [FIRST, UPSTREAM, GRANTEES, HOOKS, NAMES];
