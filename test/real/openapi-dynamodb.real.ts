/** Sends random requests to the service on DynamoDB, and checks each reply against the OpenAPI document. */
import { afterAll, beforeAll } from '@jest/globals';
import { startKeeper, stopKeeper } from '../support/dynamodb/keeper-process.ts';
import { randomRequests } from './random-requests.ts';
import { PHASES } from './schemathesis.ts';

let endpoint: string;
beforeAll(async () => {
  endpoint = await startKeeper();
});
afterAll(stopKeeper);

randomRequests(
  () => ({ STORE: 'dynamodb', TABLE: 'test-openapi', DYNAMODB_ENDPOINT: endpoint }),
  // The coverage phase sends the same invalid fields in every run. Which of them are refused does not depend on the
  // store, so the tests on SQLite are enough.
  PHASES.filter((phase) => phase !== 'coverage'),
);
