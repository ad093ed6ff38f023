/** Calls to DynamoDB in the terms of IAM: action and partition key. */
import type { FakeRequest } from '../support/fake-dynamodb.ts';
import { fits } from './roles.ts';

/** An IAM action, and the partition key that it applies to. */
export interface Use {
  action: string;
  pk: string;
}

/** Splits a permission of `KINDS` into its action and its patterns of partition keys. */
export function partsOf(permission: string) {
  const [actionOnTable = '', where] = permission.split(' table where pk is ');
  return { action: actionOnTable.replace(/ table$/, ''), patterns: where?.split(' ') };
}

export function allows(permission: string, { action, pk }: Use): boolean {
  const { action: allowed, patterns } = partsOf(permission);
  return action === allowed && (patterns?.some((pattern) => fits(pk, pattern)) ?? true);
}

export function usesOf({ operation, input }: FakeRequest): Use[] {
  if (operation === 'BatchGetItem') {
    const [{ Keys }] = Object.values(input.RequestItems) as [{ Keys: object[] }];
    return Keys.map((Key) => useOf(operation, { Key }));
  }
  if (operation !== 'TransactWriteItems') return [useOf(operation, input)];
  return input.TransactItems.flatMap((write: object) =>
    Object.entries(write).map(([kind, item]) =>
      useOf(kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`, item),
    ),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: each operation has its own input
function useOf(operation: string, input: any): Use {
  const pk = input.ExpressionAttributeValues?.[':pk'] ?? (input.Item ?? input.Key).pk;
  return { action: `dynamodb:${operation}`, pk: pk.S };
}
