/** Every stored row, read without the code under test: equal before and after a request that wrote nothing. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { DynamodbSettings } from '../../lib/store/dynamodb/settings.ts';
import type { TestService } from './service.ts';

type Rows = Record<string, unknown[]>;

/**
 * The rows of a running service, and its events where another process keeps them. A new token is a new row: request
 * the tokens that a test needs before the first call.
 */
export async function storedRows({ dataDir, services, events, signsUpstreamCalls, demo }: TestService): Promise<Rows> {
  const { dynamodb } = services.config;
  const rows = dynamodb ? await dynamodbRows(dynamodb) : sqliteRows(join(dataDir, 'kms-grants.db'));
  // A request that fails still leaves the record of its idempotency lock.
  const records = rows['idempotency_records'];
  const keyOf = (row: unknown) => (row as { idempotency_key: string }).idempotency_key;
  if (records) rows['idempotency_records'] = records.filter((row) => !isLock(keyOf(row)));
  for (const name of Object.keys(rows)) if (isLock(name.replace(/ once$/, ''))) delete rows[name];
  // The upstream remembers a signed request that it refused.
  if (signsUpstreamCalls) delete rows['idempotency_records'];
  if (events !== services.store.events) rows['events of the backend'] = await events.list(demo.project_id, {}, 1000);
  return rows;
}

const isLock = (name: string) => name.endsWith('-claim');

/** @returns the rows of each table of a database file */
export function sqliteRows(path: string): Rows {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    return Object.fromEntries(tables.map(({ name }) => [name, db.prepare(`SELECT * FROM ${name}`).all()]));
  } finally {
    db.close();
  }
}

/** @returns the item of each primary key of a table */
export async function dynamodbRows({ table, endpoint, aws }: DynamodbSettings): Promise<Rows> {
  // AWS's client is large: only tests on DynamoDB load it.
  const { scan } = await import('./oracles/dynamodb-scan.ts');
  const items = await scan(endpoint ?? '', table, aws.region);
  return Object.fromEntries(items.map((item) => [`${item.pk} ${item.sk}`, [item]]));
}
