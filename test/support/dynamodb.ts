/** The DynamoDB Local that jest started for this run. */
import { randomUUID } from 'node:crypto';

export function dynamodbEndpoint(): string {
  const endpoint = process.env['TEST_DYNAMODB_ENDPOINT'];
  if (!endpoint) throw new Error('DynamoDB Local is not running: this test needs a jest project that starts it');
  return endpoint;
}

/** @returns a name that no other test uses; nothing needs to delete the table */
export function freshTableName(): string {
  return `test-${randomUUID()}`;
}
