import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, expect, test } from '@jest/globals';
import { dynamodbEndpoint, freshTableName } from './dynamodb.ts';

const client = new DynamoDBClient({
  endpoint: dynamodbEndpoint(),
  region: 'local-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
afterAll(() => client.destroy());

async function createTable(): Promise<string> {
  const TableName = freshTableName();
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  return TableName;
}

const read = async (TableName: string) =>
  (await client.send(new GetItemCommand({ TableName, Key: { pk: { S: 'key' } }, ConsistentRead: true }))).Item;

/** Runs jest on this file without any of its tests, so that only the global set-up does something. */
async function runGlobalSetup(env: Record<string, string>): Promise<{ code: number; output: string }> {
  const args = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '-t', 'no test has this name'];
  const child = spawn(process.execPath, [...args, 'test/support/dynamodb.test.ts'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}

test('an item written to DynamoDB Local is read back, and is not in another table', async () => {
  const [table, otherTable] = [await createTable(), await createTable()];
  await client.send(new PutItemCommand({ TableName: table, Item: { pk: { S: 'key' }, v: { N: '1' } } }));
  expect(await read(table)).toEqual({ pk: { S: 'key' }, v: { N: '1' } });
  expect(await read(otherTable)).toBeUndefined();
});

test('tests of the project `dynamodb` open the store on DynamoDB', () => {
  expect(process.env['STORE']).toBe('dynamodb');
  expect(process.env['DYNAMODB_ENDPOINT']).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test('a run without java fails with a message that says what to install, without a stack trace', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const { code, output } = await runGlobalSetup({ PATH: empty });
  rmSync(empty, { recursive: true });
  expect(output).toContain('needs a Java runtime, 17 or newer: there is no "java".');
  expect(output).toContain('apt-get install default-jre-headless');
  expect(output).toContain('set JAVA_HOME to its folder');
  expect(output).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
});

test('JAVA_HOME selects the java that runs DynamoDB Local', async () => {
  const { code, output } = await runGlobalSetup({ PATH: process.env['PATH'] ?? '', JAVA_HOME: '/nonexistent' });
  expect(output).toContain('there is no "/nonexistent/bin/java".');
  expect(code).toBe(1);
});

test('DynamoDB Local ends when the run of jest is killed', async () => {
  const script = `const { startKeeper } = await import('./test/support/dynamodb/keeper-process.ts');
    console.log(await startKeeper());
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [line] = await once(child.stdout, 'data');
  const endpoint = String(line).trim();
  expect((await fetch(endpoint)).status).toBe(400);

  // The keeper has inherited this error stream, so the stream closes when the keeper has ended too.
  child.stderr.resume();
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
  await expect(fetch(endpoint)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});
