import { randomUUID } from 'node:crypto';
import type { AwsCall } from '../../clients/aws.ts';
import { AwsError, retryAwsCall } from '../../clients/aws-errors.ts';
import { type Attributes, type Item, type ItemKey, type MarshalledItem, marshal, unmarshal } from './item.ts';

/** Time limits for one read and for one write, retries included. A request makes at most nine reads and one write. */
const READ_TIMEOUT_MS = 2_000;
const WRITE_TIMEOUT_MS = 4_000;

/** What the `:values` and `#names` in a DynamoDB expression stand for. */
export interface ExpressionTerms {
  values?: Attributes | undefined;
  names?: Readonly<Record<string, string>> | undefined;
}

/** One write of a transaction. The transaction is applied only if every `condition` holds. */
export type Write = ExpressionTerms & { condition?: string | undefined } & (
    | { put: Item }
    | { update: ItemKey; set: string }
    | { delete: ItemKey }
    | { check: ItemKey; condition: string }
  );

/** `failed` has the indexes of the writes whose condition did not hold, each with the stored item, if one exists. */
type TransactionResult = { isDone: true } | { isDone: false; failed: Map<number, Item | undefined> };

/** Selects items of one partition, in the order of their sort keys. */
export interface Range {
  pk: string;
  /** The first sort key, inclusive. */
  from: string;
  /** The last sort key, inclusive. */
  to: string;
  newestFirst?: boolean;
  limit: number;
  /** How many items to skip. */
  offset?: number | undefined;
}

/** The one table. Every read is strongly consistent. Every call has a time limit and is retried within it. */
export interface Table {
  get(key: ItemKey): Promise<Item | undefined>;
  /** Returns the items that exist, in the order of the keys. */
  getAll(keys: readonly ItemKey[]): Promise<Item[]>;
  query(range: Range): Promise<Item[]>;
  put(item: Item): Promise<void>;
  delete(key: ItemKey): Promise<void>;
  /** Returns false if the item does not exist or the condition does not hold. */
  update(key: ItemKey, set: string, terms: ExpressionTerms & { condition?: string }): Promise<boolean>;
  /** Applies all writes or none. */
  transact(writes: readonly Write[]): Promise<TransactionResult>;
}

/** Source: DynamoDB API Reference, BatchGetItem. */
const BATCH_KEYS_MAX = 100;

/** Source: DynamoDB Developer Guide, "Quotas", partition key and sort key. */
const PK_BYTES_MAX = 2048;
const SK_BYTES_MAX = 1024;

/** DynamoDB refuses a longer key; no item can have it. */
const isTooLong = ({ pk, sk }: ItemKey) => Buffer.byteLength(pk) > PK_BYTES_MAX || Buffer.byteLength(sk) > SK_BYTES_MAX;

export function openTable(call: AwsCall, name: string): Table {
  const TableName = name;
  const read = (operation: string, input: object) =>
    retryAwsCall(READ_TIMEOUT_MS, (timeoutMs) => call(operation, input, timeoutMs));
  const write = (operation: string, input: object) =>
    retryAwsCall(WRITE_TIMEOUT_MS, (timeoutMs) => call(operation, input, timeoutMs));

  async function readBatch(keys: readonly ItemKey[]): Promise<Item[]> {
    const items = new Map<string, Item>();
    let request: object | undefined = { Keys: keys.map(marshal), ConsistentRead: true };
    await retryAwsCall(READ_TIMEOUT_MS, async (timeoutMs) => {
      const answer = await call('BatchGetItem', { RequestItems: { [TableName]: request } }, timeoutMs);
      const { [TableName]: read = [] } = answer['Responses'] as Record<string, MarshalledItem[]>;
      for (const item of read.map(unmarshal)) items.set(nameOf(item), item);
      request = (answer['UnprocessedKeys'] as Record<string, object>)[TableName];
      if (request) throw new Error('BatchGetItem did not read all keys');
    });
    return keys.flatMap((key) => items.get(nameOf(key)) ?? []);
  }

  return {
    async get(key) {
      if (isTooLong(key)) return undefined;
      const { Item: item } = await read('GetItem', { TableName, Key: marshal(key), ConsistentRead: true });
      return item ? unmarshal(item as MarshalledItem) : undefined;
    },

    async getAll(allKeys) {
      const keys = allKeys.filter((key) => !isTooLong(key));
      const batches: Promise<Item[]>[] = [];
      for (let from = 0; from < keys.length; from += BATCH_KEYS_MAX) {
        batches.push(readBatch(keys.slice(from, from + BATCH_KEYS_MAX)));
      }
      return (await Promise.all(batches)).flat();
    },

    async query({ pk, from, to, newestFirst = false, limit, offset = 0 }) {
      if ([from, to].some((sk) => isTooLong({ pk, sk }))) return [];
      const request = {
        TableName,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: marshal({ ':pk': pk, ':first': from, ':last': to }),
        ScanIndexForward: !newestFirst,
      };
      const items: Item[] = [];
      let toSkip = offset;
      let start: unknown;
      do {
        const page = toSkip > 0 ? { Select: 'COUNT', Limit: toSkip } : { Limit: limit - items.length };
        const answer = await read('Query', { ...request, ...page, ExclusiveStartKey: start });
        if (toSkip > 0) toSkip -= Number(answer['Count']);
        else items.push(...(answer['Items'] as MarshalledItem[]).map(unmarshal));
        start = answer['LastEvaluatedKey'];
      } while (start !== undefined && items.length < limit);
      return items;
    },

    async put(item) {
      await write('PutItem', { TableName, Item: marshal(item) });
    },

    async delete(key) {
      await write('DeleteItem', { TableName, Key: marshal(key) });
    },

    async update(key, set, { condition = 'attribute_exists(pk)', ...terms }) {
      const request = { Key: marshal(key), UpdateExpression: set, ConditionExpression: condition };
      try {
        await write('UpdateItem', { TableName, ...request, ...marshalTerms(terms) });
        return true;
      } catch (error) {
        if (error instanceof AwsError && error.type === 'ConditionalCheckFailedException') return false;
        throw error;
      }
    },

    transact(writes) {
      const TransactItems = writes.map((write) => marshalWrite(TableName, write));
      // DynamoDB applies transactions with the same token only once, so a retry after a lost response is safe.
      let token = randomUUID();
      return retryAwsCall(WRITE_TIMEOUT_MS, async (timeoutMs) => {
        try {
          await call('TransactWriteItems', { TransactItems, ClientRequestToken: token }, timeoutMs);
          return { isDone: true };
        } catch (error) {
          const reasons = reasonsOf(error);
          if (!reasons) throw error;
          // This transaction was certainly not applied: the next attempt is a new one.
          token = randomUUID();
          const failed = failedOf(reasons);
          if (failed.size === 0) throw new Error(`the transaction was cancelled: ${reasons.map(({ Code }) => Code)}`);
          return { isDone: false, failed };
        }
      });
    },
  };
}

interface Reason {
  Code: string;
  Item?: MarshalledItem;
}

/** Returns the reasons for which a transaction was cancelled, one for each write; undefined for other errors. */
function reasonsOf(error: unknown): Reason[] | undefined {
  if (!(error instanceof AwsError) || error.type !== 'TransactionCanceledException') return undefined;
  const reasons = (error.answer['CancellationReasons'] ?? []) as Reason[];
  return reasons.some(({ Code }) => Code === 'ValidationError') ? undefined : reasons;
}

function failedOf(reasons: Reason[]): Map<number, Item | undefined> {
  const failed = [...reasons.entries()].filter(([, { Code }]) => Code === 'ConditionalCheckFailed');
  return new Map(failed.map(([index, { Item: item }]) => [index, item && unmarshal(item)]));
}

const nameOf = ({ pk, sk }: ItemKey) => `${pk} ${sk}`;

function marshalTerms({ values, names }: ExpressionTerms): object {
  return {
    ...(values && { ExpressionAttributeValues: marshal(values) }),
    ...(names && { ExpressionAttributeNames: names }),
  };
}

function marshalWrite(TableName: string, write: Write): object {
  const terms = {
    TableName,
    ...marshalTerms(write),
    ...(write.condition && {
      ConditionExpression: write.condition,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }),
  };
  if ('put' in write) return { Put: { ...terms, Item: marshal(write.put) } };
  if ('update' in write) return { Update: { ...terms, Key: marshal(write.update), UpdateExpression: write.set } };
  if ('delete' in write) return { Delete: { ...terms, Key: marshal(write.delete) } };
  return { ConditionCheck: { ...terms, Key: marshal(write.check) } };
}
