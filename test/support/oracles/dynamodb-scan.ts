/** Reads a whole table with AWS's own client. */
import { type AttributeValue, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';

export type Value = string | number | boolean | undefined;
export type Item = { pk: string; sk: string } & Record<string, Value>;

/**
 * Returns every item of the table.
 * @param region DynamoDB Local has separate tables for each region
 */
export async function scan(endpoint: string, table: string, region: string): Promise<Item[]> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region, credentials });
  try {
    const items: Item[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(
        new ScanCommand({ TableName: table, ConsistentRead: true, ExclusiveStartKey: from }),
      );
      items.push(...(page.Items ?? []).map(unmarshal));
      from = page.LastEvaluatedKey;
    } while (from);
    return items;
  } finally {
    client.destroy();
  }
}

function unmarshal(item: Record<string, AttributeValue>): Item {
  const values = Object.entries(item).map(([name, { S, N, BOOL, B }]): [string, Value] => {
    if (N !== undefined) return [name, Number(N)];
    return [name, S ?? BOOL ?? (B && Buffer.from(B).toString('base64'))];
  });
  return Object.fromEntries(values) as Item;
}
