/** list-retirable-grants lists exactly the grants that retire-grant accepts from the caller. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { newGrant, newKey, okBody } from '../../support/create.ts';
import { startService, type TestService } from '../../support/service.ts';

let service: TestService;
/** The creator of both keys. */
let creator: DemoUser;
/** A grantee that issues grants. */
let delegate: DemoUser;
/** The retiring principal and the grantee of some grants. */
let named: DemoUser;
/** A user of the same domain that no grant names. */
let domainUser: DemoUser;
let keys: [string, string];

beforeAll(async () => {
  service = await startService();
  creator = await service.addUser('keymaker', 'KMS CMKFullAccess');
  delegate = await service.addUser('delegate', 'KMS CMKFullAccess');
  named = await service.addUser('named', 'KMS Administrator');
  domainUser = await service.addUser('domain-user', 'te_admin');
  keys = [await newKey(service, creator), await newKey(service, creator)];
});
afterAll(() => service.stop());

/**
 * Creates a grant for each combination of issuer, grantee, grantee type, retire-grant or not, and retiring principal.
 */
async function createGrants(): Promise<{ key_id: string; grant_id: string }[]> {
  const created: { key_id: string; grant_id: string }[] = [];
  const create = async (key_id: string, fields: object, issuer: DemoUser) =>
    created.push({ key_id, grant_id: await newGrant(service, key_id, fields, issuer) });
  const delegation = {
    grantee_principal: delegate.user_id,
    operations: ['create-grant', 'describe-key', 'retire-grant'],
  };
  for (const key of keys) await create(key, delegation, creator);
  for (const issuer of [creator, delegate]) {
    for (const [grantee_principal, grantee_principal_type] of [
      [named.user_id, 'user'],
      [creator.user_id, 'user'],
      [creator.domain_id, 'domain'],
      [creator.domain_id, 'user'],
      [named.user_id, 'domain'],
    ]) {
      for (const operations of [['describe-key'], ['describe-key', 'retire-grant']]) {
        for (const retiring_principal of [undefined, named.user_id, creator.domain_id]) {
          await create(keys[0], { grantee_principal, grantee_principal_type, operations, retiring_principal }, issuer);
        }
      }
    }
  }
  return created;
}

// The counts follow by hand from the rule: issuer, retiring principal, or grantee with retire-grant.
test.each([
  // It issued 2 and 30; of the delegate's 30, 3 are to itself and 3 to its domain, each with retire-grant.
  ['the key creator', () => creator, 38],
  // It is the grantee of 2 and issued 30; of the creator's 30, 3 are to its domain.
  ['a delegate', () => delegate, 35],
  // Of each issuer's 30, 10 name it as retiring principal; of the others, 2 are to itself and 2 to its domain.
  ['a retiring principal', () => named, 28],
  // Of each issuer's 30, 3 are to its domain.
  ['a user of the domain', () => domainUser, 6],
])('%s may retire each grant of list-retirable-grants and no other', async (_, userOf, expected) => {
  const user = userOf();
  const created = await createGrants();
  expect(created).toHaveLength(62);
  const { grants, total } = okBody(await service.kms(user, 'list-retirable-grants', {}));
  const listed = new Set(grants.map(({ grant_id }: { grant_id: string }) => grant_id));
  expect([grants.length, listed.size, total]).toEqual([expected, expected, expected]);

  const outcomes = new Map<string, string>();
  for (const grant of created) {
    const { status, body } = await service.kms(user, 'retire-grant', grant);
    outcomes.set(grant.grant_id, status === 200 ? 'retired' : `${status} ${body.error_code}`);
  }
  for (const { grant_id } of created) {
    expect([grant_id, outcomes.get(grant_id)]).toEqual([grant_id, listed.has(grant_id) ? 'retired' : '403 KMS.0306']);
  }
  expect(okBody(await service.kms(user, 'list-retirable-grants', {}))).toMatchObject({ grants: [], total: 0 });

  for (const grant of created) {
    if (!listed.has(grant.grant_id)) okBody(await service.kms(creator, 'revoke-grant', grant));
  }
});
