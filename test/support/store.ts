import { freshTableName } from './dynamodb.ts';

/** The settings of the store under test: SQLite, or a new table in the jest projects on DynamoDB. */
export function storeSettings(): Record<string, string> {
  const { STORE = 'sqlite', DYNAMODB_ENDPOINT = '' } = process.env;
  return { STORE, DYNAMODB_ENDPOINT, TABLE: freshTableName() };
}
