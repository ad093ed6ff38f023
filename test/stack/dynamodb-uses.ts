/** What is asked of DynamoDB, as IAM judges it. */
import type { Asked } from '../support/fake-dynamodb.ts';
import { fits } from './roles.ts';

/** An IAM action, and the partition that it is about. */
export interface Use {
  action: string;
  pk: string;
}

/** A permission as `KINDS` tells it. */
export function partsOf(permission: string) {
  const [what = '', where] = permission.split(' table where pk is ');
  return { action: what.replace(/ table$/, ''), patterns: where?.split(' ') };
}

export function allows(permission: string, { action, pk }: Use): boolean {
  const { action: allowed, patterns } = partsOf(permission);
  return action === allowed && (patterns?.some((pattern) => fits(pk, pattern)) ?? true);
}

export function usesOf({ operation, input }: Asked): Use[] {
  if (operation === 'BatchGetItem') {
    const [{ Keys }] = Object.values(input.RequestItems) as [{ Keys: object[] }];
    return Keys.map((Key) => useOf(operation, { Key }));
  }
  if (operation !== 'TransactWriteItems') return [useOf(operation, input)];
  return input.TransactItems.flatMap((one: object) =>
    Object.entries(one).map(([kind, item]) =>
      useOf(kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`, item),
    ),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: requests have every form
function useOf(operation: string, input: any): Use {
  const pk = input.ExpressionAttributeValues?.[':pk'] ?? (input.Item ?? input.Key).pk;
  return { action: `dynamodb:${operation}`, pk: pk.S };
}
