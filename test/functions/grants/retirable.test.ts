/** list-retirable-grants shows exactly the grants that retire-grant accepts from the caller: tried out, grant by grant. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DemoUser } from '../../../local/demo.ts';
import { newGrant, newKey, okBody } from '../../support/create.ts';
import { startService, type TestService } from '../../support/service.ts';

let service: TestService;
/** The creator of both keys; a grantee that passes on; one that is only named; one of the domain who is not. */
let creator: DemoUser;
let delegate: DemoUser;
let named: DemoUser;
let bystander: DemoUser;
let keys: [string, string];

beforeAll(async () => {
  service = await startService();
  creator = await service.addUser('keymaker', 'KMS CMKFullAccess');
  delegate = await service.addUser('delegate', 'KMS CMKFullAccess');
  named = await service.addUser('named', 'KMS Administrator');
  bystander = await service.addUser('bystander', 'te_admin');
  keys = [await newKey(service, creator), await newKey(service, creator)];
});
afterAll(() => service.stop());

/** Grants of every kind: each grantee and type, with and without retire-grant, each retiring principal, two issuers. */
async function makeGrants(): Promise<{ key_id: string; grant_id: string }[]> {
  const made: { key_id: string; grant_id: string }[] = [];
  const make = async (key_id: string, fields: object, issuer: DemoUser) =>
    made.push({ key_id, grant_id: await newGrant(service, key_id, fields, issuer) });
  const open = { grantee_principal: delegate.user_id, operations: ['create-grant', 'describe-key', 'retire-grant'] };
  for (const key of keys) await make(key, open, creator);
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
          await make(keys[0], { grantee_principal, grantee_principal_type, operations, retiring_principal }, issuer);
        }
      }
    }
  }
  return made;
}

// The counts are worked out by hand from the rule: issuer, retiring principal, or grantee with retire-grant.
test.each([
  // Its own 2 and 30; of the delegate's 30: 3 to itself and 3 to its domain, each with retire-grant.
  ['the key creator', () => creator, 38],
  // The 2 that let it pass on, its own 30; of the creator's 30: 3 to its domain.
  ['a delegate', () => delegate, 35],
  // Of each 30: 10 that name it, and of those that do not, 2 to itself and 2 to its domain.
  ['a retiring principal', () => named, 28],
  // Of each 30: 3 to its domain.
  ['a user of the domain', () => bystander, 6],
])('%s can retire each listed grant and no other', async (_, userOf, expected) => {
  const user = userOf();
  const made = await makeGrants();
  expect(made).toHaveLength(62);
  const { grants, total } = okBody(await service.kms(user, 'list-retirable-grants', {}));
  const listed = new Set(grants.map(({ grant_id }: { grant_id: string }) => grant_id));
  expect([grants.length, listed.size, total]).toEqual([expected, expected, expected]);

  const outcomes = new Map<string, string>();
  for (const grant of made) {
    const { status, body } = await service.kms(user, 'retire-grant', grant);
    outcomes.set(grant.grant_id, status === 200 ? 'retired' : `${status} ${body.error_code}`);
  }
  for (const { grant_id } of made) {
    expect([grant_id, outcomes.get(grant_id)]).toEqual([grant_id, listed.has(grant_id) ? 'retired' : '403 KMS.0306']);
  }
  expect(okBody(await service.kms(user, 'list-retirable-grants', {}))).toMatchObject({ grants: [], total: 0 });

  for (const grant of made) {
    if (!listed.has(grant.grant_id)) okBody(await service.kms(creator, 'revoke-grant', grant));
  }
});
