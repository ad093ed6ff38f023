import { setTimeout as pause } from 'node:timers/promises';
import { AwsError } from '../../clients/aws-errors.ts';
import { type DynamodbSettings, dynamodbCall } from './dynamodb.ts';
import { TABLE } from './schema.ts';

const CALL_MS = 5_000;
const LOOK_EVERY_MS = 100;

/**
 * Creates the table when it is missing: for a local DynamoDB. A deployed one is made by its stack, with its protections.
 * @returns whether it was missing
 */
export async function ensureTable(settings: DynamodbSettings): Promise<boolean> {
  const call = dynamodbCall(settings);
  const TableName = settings.table;
  try {
    await call('CreateTable', { TableName, ...TABLE }, CALL_MS);
  } catch (error) {
    if (error instanceof AwsError && error.type === 'ResourceInUseException') return false;
    throw error;
  }
  for (;;) {
    const { Table: table } = await call('DescribeTable', { TableName }, CALL_MS);
    if ((table as { TableStatus: string }).TableStatus === 'ACTIVE') return true;
    await pause(LOOK_EVERY_MS);
  }
}
