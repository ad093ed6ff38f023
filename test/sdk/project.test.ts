import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startService, type TestService } from '../support/service.ts';
import { type CaptureProxy, startCaptureProxy } from './capture-proxy.ts';
import { failure, sdkClient } from './client.ts';

let service: TestService;
let proxy: CaptureProxy;
beforeAll(async () => {
  service = await startService({ REGION: 'eu-test-1' });
  proxy = await startCaptureProxy(service.url);
});
afterAll(async () => {
  await proxy.close();
  await service.stop();
});

test('with a region only, the SDK looks up the project of that name and calls the API in it', async () => {
  const client = sdkClient(proxy.url, service.creator, { region: 'eu-test-1' });
  const reply = await client.listGrants({ key_id: service.demo.keys[0]?.key_id });
  expect(reply).toMatchObject({ total: 3, httpStatusCode: 200 });
  const lines = proxy
    .take()
    .toString()
    .match(/(?:GET|POST) \S+(?= HTTP)/g);
  expect(lines).toEqual(['GET /v3/projects?name=eu-test-1', `POST /v1.0/${service.demo.project_id}/kms/list-grants`]);
});

test('with a region that has no project, the SDK fails and calls no KMS API', async () => {
  const client = sdkClient(proxy.url, service.reader, { region: 'eu-test-2' });
  proxy.take();
  // The SDK compares the region with the list of regions before it would create a project.
  await expect(client.listGrants({ key_id: service.demo.keys[0]?.key_id })).rejects.toThrow(
    'the region input is not supported',
  );
  expect(proxy.take().toString()).not.toContain('/kms/');
});

test('with a wrong secret key, the lookup of the project is refused with 401', async () => {
  const keys = { ...service.grantee, secret_key: 'wrong' };
  const client = sdkClient(service.url, keys, { region: 'eu-test-1' });
  expect(await failure(client.listGrants({ key_id: service.demo.keys[0]?.key_id }))).toMatchObject({
    httpStatusCode: 401,
    errorCode: 'APIGW.0301',
  });
});
