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

async function newTable(): Promise<string> {
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

/** Jest itself, on this file with no test of it chosen, so that only its set-up does something. */
async function runSetup(env: Record<string, string>): Promise<{ code: number; output: string }> {
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

test('an item that is written is read back, and another table does not have it', async () => {
  const [one, other] = [await newTable(), await newTable()];
  await client.send(new PutItemCommand({ TableName: one, Item: { pk: { S: 'key' }, v: { N: '1' } } }));
  expect(await read(one)).toEqual({ pk: { S: 'key' }, v: { N: '1' } });
  expect(await read(other)).toBeUndefined();
});

test('tests of this project open the store on DynamoDB', () => {
  expect(process.env['STORE']).toBe('dynamodb');
  expect(process.env['DYNAMODB_ENDPOINT']).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test('without java the run fails and says what to install, with no stack trace', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const { code, output } = await runSetup({ PATH: empty });
  rmSync(empty, { recursive: true });
  expect(output).toContain('needs a Java runtime, 17 or newer: "java" is not there.');
  expect(output).toContain('apt-get install default-jre-headless');
  expect(output).toContain('set JAVA_HOME to its folder');
  expect(output).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
});

test('JAVA_HOME decides which java is run', async () => {
  const { code, output } = await runSetup({ PATH: process.env['PATH'] ?? '', JAVA_HOME: '/nonexistent' });
  expect(output).toContain('"/nonexistent/bin/java" is not there.');
  expect(code).toBe(1);
});

test('a run that is killed leaves no DynamoDB Local behind', async () => {
  const script = `const { startKeeper } = await import('./test/support/dynamodb/keeper-process.ts');
    console.log(await startKeeper());
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [line] = await once(child.stdout, 'data');
  const endpoint = String(line).trim();
  expect((await fetch(endpoint)).status).toBe(400);

  // The keeper holds its parent's error stream; that it closes means that the keeper has ended too.
  child.stderr.resume();
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
  await expect(fetch(endpoint)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});
