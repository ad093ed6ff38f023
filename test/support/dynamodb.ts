/** The DynamoDB Local of this jest run. Only tests of the jest project `dynamodb` have one. */
import { randomUUID } from 'node:crypto';

export function dynamodbEndpoint(): string {
  const endpoint = process.env['TEST_DYNAMODB_ENDPOINT'];
  if (!endpoint) throw new Error('no DynamoDB Local here: see the project `dynamodb` in jest.config.js');
  return endpoint;
}

/** A name that no other test has. The caller creates the table; nothing needs to delete it. */
export function freshTableName(): string {
  return `test-${randomUUID()}`;
}
