import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import type { Config } from '../../lib/config.ts';
import type { TestService } from './service.ts';

type Rows = Record<string, unknown[]>;

/**
 * Every row of every table, read past the service, and the receipts where they are kept elsewhere: equal before and
 * after whatever wrote nothing.
 * A token made in between counts as a change, so tests make theirs first.
 */
export async function storedRows({ dataDir, services, receipts, isSigning, demo }: TestService): Promise<Rows> {
  const { dynamodb } = services.config;
  const rows = dynamodb ? await itemsOf(dynamodb) : rowsIn(join(dataDir, 'kms-grants.db'));
  // That a request was at work, and is no longer, is remembered whatever it came to.
  const records = rows['idempotency_records'];
  const keyOf = (row: unknown) => (row as { idempotency_key: string }).idempotency_key;
  if (records) rows['idempotency_records'] = records.filter((row) => !isClaim(keyOf(row)));
  for (const name of Object.keys(rows)) if (isClaim(name.replace(/ record$/, ''))) delete rows[name];
  // Of a signed request a refusal is remembered too, where it was refused.
  if (isSigning) delete rows['idempotency_records'];
  if (receipts !== services.store.events) rows['receipts'] = await receipts.list(demo.project_id, {}, 1000);
  return rows;
}

const isClaim = (name: string) => name.endsWith('-lock');

function rowsIn(path: string): Rows {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    return Object.fromEntries(tables.map(({ name }) => [name, db.prepare(`SELECT * FROM ${name}`).all()]));
  } finally {
    db.close();
  }
}

async function itemsOf({ table, endpoint, aws }: NonNullable<Config['dynamodb']>): Promise<Rows> {
  const { region, accessKeyId, secretAccessKey } = aws;
  const client = new DynamoDBClient({
    region,
    endpoint: endpoint ?? '',
    credentials: { accessKeyId, secretAccessKey },
  });
  const rows: Rows = {};
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    for (const item of Items) rows[`${item['pk']?.S} ${item['sk']?.S}`] = [item];
  }
  client.destroy();
  return rows;
}
