/** The OpenAPI document, compared with the service on DynamoDB by random requests. */
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
  // The coverage phase sends the same invalid fields in every run, and the checks of fields do not depend on the store.
  PHASES.filter((phase) => phase !== 'coverage'),
);
