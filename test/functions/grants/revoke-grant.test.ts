import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startService, type TestService } from '../../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

test('the creator revokes a grant: 200 with {}, and it is gone from every list', async () => {
  const [grant] = service.demo.grants;
  expect(await service.kms(service.creator, 'revoke-grant', grant)).toMatchObject({ status: 200, body: {} });
  const { body } = await service.kms(service.creator, 'list-grants', { key_id: grant?.key_id });
  expect(body.grants.map((left: { grant_id: string }) => left.grant_id)).not.toContain(grant?.grant_id);
  expect(body.total).toBe(2);
});

test('a second revoke is KMS.2501', async () => {
  const { status, body } = await service.kms(service.creator, 'revoke-grant', service.demo.grants[0]);
  expect([status, body.error.error_code]).toEqual([400, 'KMS.2501']);
});
