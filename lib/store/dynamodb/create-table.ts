import { setTimeout as pause } from 'node:timers/promises';
import { AwsError } from '../../clients/aws-errors.ts';
import { TABLE } from './schema.ts';
import { type DynamodbSettings, dynamodbCall } from './settings.ts';

const CALL_TIMEOUT_MS = 5_000;
const POLL_MS = 100;

/**
 * Creates the table in a local DynamoDB if it is missing. The stack creates a deployed table, with its protections.
 * @returns whether the table was missing
 */
export async function ensureTable(settings: DynamodbSettings): Promise<boolean> {
  const call = dynamodbCall(settings);
  const TableName = settings.table;
  try {
    await call('CreateTable', { TableName, ...TABLE }, CALL_TIMEOUT_MS);
  } catch (error) {
    if (error instanceof AwsError && error.type === 'ResourceInUseException') return false;
    throw error;
  }
  for (;;) {
    const { Table: table } = await call('DescribeTable', { TableName }, CALL_TIMEOUT_MS);
    if ((table as { TableStatus: string }).TableStatus === 'ACTIVE') return true;
    await pause(POLL_MS);
  }
}
