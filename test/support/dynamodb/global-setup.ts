import { startKeeper } from './keeper-process.ts';

/** Starts DynamoDB Local. Jest starts its workers afterwards, with the environment as it is then. */
export default async function setup(): Promise<void> {
  process.env['TEST_DYNAMODB_ENDPOINT'] = await startKeeper();
}
