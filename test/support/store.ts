/** On which store the service under test runs: SQLite, or in the jest project `dynamodb` a table of its own. */
import { freshTableName } from './dynamodb.ts';

export function storeSettings(): Record<string, string> {
  const { STORE = 'sqlite', DYNAMODB_ENDPOINT = '' } = process.env;
  return { STORE, DYNAMODB_ENDPOINT, TABLE: freshTableName() };
}
