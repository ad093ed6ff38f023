import { randomUUID } from 'node:crypto';
import type { AwsCall } from '../../clients/aws.ts';
import { AwsError, retryAwsCall } from '../../clients/aws-errors.ts';
import { type Attributes, type Item, type ItemKey, type MarshalledItem, marshal, unmarshal } from './item.ts';

/** For one read, and for one write, all tries together. The longest way of a request has nine reads and a write. */
const READ_MS = 2_000;
const CHANGE_MS = 4_000;

/** A condition or an update, in DynamoDB's words; its `:values` and `#names` are spelled out beside it. */
export interface ExpressionTerms {
  values?: Attributes | undefined;
  names?: Readonly<Record<string, string>> | undefined;
}

/** One write of a transaction. With `condition`, the transaction is done only if that holds for the item as it was. */
export type Write = ExpressionTerms & { condition?: string | undefined } & (
    | { put: Item }
    | { update: ItemKey; set: string }
    | { delete: ItemKey }
    | { check: ItemKey; condition: string }
  );

/** `failed`: the writes whose condition did not hold, by their place, each with the item as it is. */
export type TransactionResult = { isDone: true } | { isDone: false; failed: Map<number, Item | undefined> };

/** Rows of one partition, in the order of their sort keys. */
export interface Range {
  pk: string;
  /** From this sort key to that, both included. */
  from: string;
  to: string;
  newestFirst?: boolean;
  limit: number;
  /** Rows to pass over first. */
  offset?: number | undefined;
}

/** The one table: every read is consistent, every call has its time and its retries. */
export interface Table {
  get(key: ItemKey): Promise<Item | undefined>;
  /** Those that are there, in the order of the keys. */
  getAll(keys: readonly ItemKey[]): Promise<Item[]>;
  query(range: Range): Promise<Item[]>;
  put(item: Item): Promise<void>;
  delete(key: ItemKey): Promise<void>;
  /** @returns false when the item is not there, or the condition does not hold */
  update(key: ItemKey, set: string, terms: ExpressionTerms & { condition?: string }): Promise<boolean>;
  /** All of the writes or none. */
  transact(writes: readonly Write[]): Promise<TransactionResult>;
}

const BATCH = 100;

export function openTable(call: AwsCall, name: string): Table {
  const TableName = name;
  const read = (operation: string, input: object) =>
    retryAwsCall(READ_MS, (timeoutMs) => call(operation, input, timeoutMs));
  const write = (operation: string, input: object) =>
    retryAwsCall(CHANGE_MS, (timeoutMs) => call(operation, input, timeoutMs));

  async function readBatch(keys: readonly ItemKey[]): Promise<Item[]> {
    const found = new Map<string, Item>();
    let asked: object | undefined = { Keys: keys.map(marshal), ConsistentRead: true };
    await retryAwsCall(READ_MS, async (timeoutMs) => {
      const answer = await call('BatchGetItem', { RequestItems: { [TableName]: asked } }, timeoutMs);
      const { [TableName]: items = [] } = answer['Responses'] as Record<string, MarshalledItem[]>;
      for (const item of items.map(unmarshal)) found.set(nameOf(item), item);
      asked = (answer['UnprocessedKeys'] as Record<string, object>)[TableName];
      if (asked) throw new Error('BatchGetItem: not all keys were read');
    });
    return keys.flatMap((key) => found.get(nameOf(key)) ?? []);
  }

  return {
    async get(key) {
      const { Item: item } = await read('GetItem', { TableName, Key: marshal(key), ConsistentRead: true });
      return item ? unmarshal(item as MarshalledItem) : undefined;
    },

    async getAll(keys) {
      const batches: Promise<Item[]>[] = [];
      for (let from = 0; from < keys.length; from += BATCH) batches.push(readBatch(keys.slice(from, from + BATCH)));
      return (await Promise.all(batches)).flat();
    },

    async query({ pk, from, to, newestFirst = false, limit, offset = 0 }) {
      const asked = {
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
        const answer = await read('Query', { ...asked, ...page, ExclusiveStartKey: start });
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
      const asked = { Key: marshal(key), UpdateExpression: set, ConditionExpression: condition };
      try {
        await write('UpdateItem', { TableName, ...asked, ...spellTerms(terms) });
        return true;
      } catch (error) {
        if (error instanceof AwsError && error.type === 'ConditionalCheckFailedException') return false;
        throw error;
      }
    },

    transact(writes) {
      const TransactItems = writes.map((one) => spellWrite(TableName, one));
      // The same token again tells DynamoDB that it is the same transaction: done once, however often it is sent.
      let token = randomUUID();
      return retryAwsCall(CHANGE_MS, async (timeoutMs) => {
        try {
          await call('TransactWriteItems', { TransactItems, ClientRequestToken: token }, timeoutMs);
          return { isDone: true };
        } catch (error) {
          const reasons = reasonsOf(error);
          if (!reasons) throw error;
          // Cancelled for certain: the next try is another transaction.
          token = randomUUID();
          const failed = failedOf(reasons);
          if (failed.size === 0) throw new Error(`others were in the way: ${reasons.map(({ Code }) => Code)}`);
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

/** Why a transaction was cancelled, a reason for each write; undefined for any other error. */
function reasonsOf(error: unknown): Reason[] | undefined {
  if (!(error instanceof AwsError) || error.type !== 'TransactionCanceledException') return undefined;
  const reasons = (error.answer['CancellationReasons'] ?? []) as Reason[];
  return reasons.some(({ Code }) => Code === 'ValidationError') ? undefined : reasons;
}

function failedOf(reasons: Reason[]): Map<number, Item | undefined> {
  const failed = [...reasons.entries()].filter(([, { Code }]) => Code === 'ConditionalCheckFailed');
  return new Map(failed.map(([place, { Item: item }]) => [place, item && unmarshal(item)]));
}

const nameOf = ({ pk, sk }: ItemKey) => `${pk} ${sk}`;

function spellTerms({ values, names }: ExpressionTerms): object {
  return {
    ...(values && { ExpressionAttributeValues: marshal(values) }),
    ...(names && { ExpressionAttributeNames: names }),
  };
}

function spellWrite(TableName: string, write: Write): object {
  const terms = {
    TableName,
    ...spellTerms(write),
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
