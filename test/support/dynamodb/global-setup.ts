import { startKeeper } from './keeper-process.ts';

/** Workers are started after this and get the environment as it is then. */
export default async function setup(): Promise<void> {
  process.env['TEST_DYNAMODB_ENDPOINT'] = await startKeeper();
}
