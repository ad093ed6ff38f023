/**
 * The tables, with the queries that read them. Rows are clustered by the primary key (WITHOUT ROWID), so that a page is
 * one range of neighbouring rows. Counts are updated in the transaction of the change; reads add up a few rows at most.
 *
 * | table               | primary key                     | read by                                         |
 * |---------------------|---------------------------------|-------------------------------------------------|
 * | keys                | project_id, key_id              | every grant API; list-keys; alias; due deletion |
 * | key_counts          | project_id, key_spec, state     | total of list-keys; quota of keys               |
 * | grants              | key_id, grant_id                | list-grants; a grant by its id                  |
 * | retirable           | project_id, principal, grant_id | list-retirable-grants, list-principal-grants    |
 * | retirable_n         | project_id, principal           | totals of these two                             |
 * | held                | key_id, principal, operation    | delegation; total of list-grants by grantee     |
 * | events              | event_id                        | lists of events; creator of an upstream key     |
 * | idempotency_records | idempotency_key                 | every change, before it is applied              |
 * | jobs                | job_id                          | worker: one job; open and newest jobs; quota    |
 * | mappings            | folded_identity, source, …      | worker: the grantees of an external identity    |
 * | scim_resources      | source, type, id                | SCIM server: one user or group, and their lists |
 * | scim_values         | source, type, attribute, value  | SCIM server: a user or group by name            |
 * | outbox              | position                        | dispatcher, in order of commit                  |
 * | queue               | message_id                      | worker: messages that are due                   |
 * | dead_letters        | letter_id                       | admin commands for dead letters                 |
 * | domains … tokens    | one id each                     | directory.ts                                    |
 *
 * `principal` is `user:<id>` or `domain:<id>`; in `retirable` also `grantee:<id>`, for the grants that a grantee holds;
 * in `retirable_n` also `user:<id>+domain:<id>`, for the grants that both may retire and that a sum would count twice.
 * In `held`, the operation `*` counts the grants themselves. `wire` and `grant_wire` hold a grant as the JSON text that
 * replies contain.
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

/** Events of changes that the upstream made; see `ChangeEvent.upstreamRequestId`. */
const UPSTREAM = `
ALTER TABLE events ADD COLUMN upstream_request_id TEXT;
CREATE INDEX events_of_making ON events (project_id, key_id)
  WHERE action = 'create-key' AND upstream_request_id IS NOT NULL;
`;

/** Lists of a grantee's grants across keys, and of its events; see `granteeListName` in principals.ts. */
const GRANTEES = `
INSERT INTO retirable SELECT project_id, 'grantee:' || grantee, grant_id, key_id FROM grants;
INSERT INTO retirable_n SELECT project_id, 'grantee:' || grantee, count(*) FROM grants GROUP BY project_id, grantee;
ALTER TABLE events ADD COLUMN failure TEXT;
ALTER TABLE events ADD COLUMN grantee TEXT;
UPDATE events SET grantee = grant_wire ->> 'grantee_principal' WHERE grant_wire IS NOT NULL;
CREATE INDEX events_by_grantee ON events (project_id, grantee, event_id) WHERE grantee IS NOT NULL;
`;

/** Tables for webhooks. Jobs and messages can be large, so their rows are not clustered by the primary key. */
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

/** Names of version 0.2.0. */
const NAMES = `
ALTER TABLE events RENAME COLUMN door TO channel;
ALTER TABLE seen RENAME TO idempotency_records;
ALTER TABLE idempotency_records RENAME COLUMN once_key TO idempotency_key;
DROP INDEX seen_by_expiry;
CREATE INDEX idempotency_records_by_expiry ON idempotency_records (expires_at_ms);
ALTER TABLE outbox RENAME COLUMN place TO position;
ALTER TABLE queue RENAME COLUMN tries TO receive_count;
ALTER TABLE queue RENAME COLUMN is_taken TO is_in_flight;
ALTER TABLE queue RENAME COLUMN work TO message;
ALTER TABLE dead_letters RENAME COLUMN work TO message;
UPDATE jobs SET job = json_set(json_remove(job, '$.tries'), '$.failedAttempts', job -> '$.tries');
UPDATE jobs SET job = json_set(json_remove(job, '$.at'), '$.scopeIndex', job -> '$.at') WHERE job ->> '$.at' IS NOT NULL;
`;

/** Tokens with domain scope, and tokens that were exchanged for others. */
const TOKEN_SCOPES = `
ALTER TABLE tokens ADD COLUMN scope_domain_id TEXT REFERENCES domains;
ALTER TABLE tokens ADD COLUMN methods TEXT NOT NULL DEFAULT 'password';
`;

/** See `ChangeEvent.passedOn`. */
const PASSED_ON = 'ALTER TABLE events ADD COLUMN passed_on INTEGER;';

/** Several mappings of one identity, found in any case and Unicode normalisation; see `foldIdentity`. */
const MAPPINGS = `
CREATE TABLE new_mappings (
  folded_identity TEXT NOT NULL, source TEXT NOT NULL, identity TEXT NOT NULL, grantee TEXT NOT NULL,
  PRIMARY KEY (folded_identity, source, identity, grantee)
) STRICT, WITHOUT ROWID;
INSERT INTO new_mappings SELECT fold_identity(identity), source, identity, grantee FROM mappings;
DROP TABLE mappings;
ALTER TABLE new_mappings RENAME TO mappings;
`;

/** `groupOf` in lib/queue/queue.ts, as SQL over the column `message`. */
export const MESSAGE_GROUP = `CASE message ->> '$.kind'
  WHEN 'job' THEN 'job:' || coalesce(message ->> '$.source', '')
  WHEN 'delivery' THEN 'delivery:' || (message ->> '$.target')
  ELSE message ->> '$.kind' END`;

/** Groups of messages, which share the worker; open jobs of a source. */
const SHARES = `
ALTER TABLE queue ADD COLUMN message_group TEXT NOT NULL DEFAULT '';
UPDATE queue SET message_group = ${MESSAGE_GROUP};
CREATE INDEX queue_by_group ON queue (message_group, due_at_ms, message_id);
CREATE INDEX queue_in_flight ON queue (message_group, due_at_ms) WHERE is_in_flight = 1;
ALTER TABLE jobs ADD COLUMN source TEXT NOT NULL DEFAULT '';
UPDATE jobs SET source = job ->> '$.source';
CREATE INDEX jobs_open_by_source ON jobs (source) WHERE is_ended = 0;
`;

/** `StoredToken.ancestors` as JSON. */
const TOKEN_ANCESTORS = "ALTER TABLE tokens ADD COLUMN ancestors TEXT NOT NULL DEFAULT '[]';";

/** See `ChangeEvent.approvedBy`. */
const APPROVED_BY = 'ALTER TABLE events ADD COLUMN approved_by TEXT;';

/** See `ChangeEvent.isObserved`. */
const IS_OBSERVED = 'ALTER TABLE events ADD COLUMN is_observed INTEGER;';

/** Users and groups that identity providers provision, and the values that are unique among them. */
const SCIM = `
CREATE TABLE scim_resources (
  source TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, resource TEXT NOT NULL,
  PRIMARY KEY (source, type, id)
) STRICT;
CREATE TABLE scim_values (
  source TEXT NOT NULL, type TEXT NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY (source, type, attribute, value)
) STRICT, WITHOUT ROWID;
`;

/** `user_version` of a file is the number of migrations applied to it. Append to this list; never change an entry. */
export const MIGRATIONS: readonly string[] = [
  FIRST,
  UPSTREAM,
  GRANTEES,
  HOOKS,
  NAMES,
  TOKEN_SCOPES,
  PASSED_ON,
  MAPPINGS,
  SHARES,
  TOKEN_ANCESTORS,
  APPROVED_BY,
  IS_OBSERVED,
  SCIM,
];
