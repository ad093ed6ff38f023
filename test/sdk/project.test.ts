import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startService, type TestService } from '../support/service.ts';
import { failure, sdkClient } from './client.ts';
import { type Tap, tap } from './tap.ts';

let service: TestService;
let line: Tap;
beforeAll(async () => {
  service = await startService({ REGION: 'eu-test-1' });
  line = await tap(service.url);
});
afterAll(async () => {
  await line.close();
  await service.stop();
});

test('given a region only, the SDK finds the project of that name and works in it', async () => {
  const client = sdkClient(line.url, service.creator, { region: 'eu-test-1' });
  const reply = await client.listGrants({ key_id: service.demo.keys[0]?.key_id });
  expect(reply).toMatchObject({ total: 3, httpStatusCode: 200 });
  const lines = line
    .take()
    .toString()
    .match(/(?:GET|POST) \S+(?= HTTP)/g);
  expect(lines).toEqual(['GET /v3/projects?name=eu-test-1', `POST /v1.0/${service.demo.project_id}/kms/list-grants`]);
});

test('a region without a project is an error of the SDK, and no grant call is made', async () => {
  const client = sdkClient(line.url, service.reader, { region: 'eu-test-2' });
  line.take();
  expect(await failure(client.listGrants({ key_id: service.demo.keys[0]?.key_id }))).toMatchObject({
    httpStatusCode: 404,
    errorCode: 'APIGW.0101',
  });
  expect(line.take().toString()).not.toContain('/kms/');
});

test('with wrong keys the search for the project is refused as any other call', async () => {
  const keys = { ...service.grantee, secret_key: 'wrong' };
  const client = sdkClient(service.url, keys, { region: 'eu-test-1' });
  expect(await failure(client.listGrants({ key_id: service.demo.keys[0]?.key_id }))).toMatchObject({
    httpStatusCode: 401,
    errorCode: 'APIGW.0301',
  });
});
