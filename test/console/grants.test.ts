/** Also tests: console/api/grant-difference.ts, console/api/sequence.ts, console/revoke/plan.ts. */
import { describe, expect, test } from '@jest/globals';
import { differenceOf } from '../../console/api/grant-difference.ts';
import { allowsOneOf, giveUpRightOf, nameOfGrant, shortId } from '../../console/api/grants.ts';
import { newSequence } from '../../console/api/sequence.ts';
import type { Caller, Grant, PermissionName } from '../../console/api/types.ts';
import { totalOf } from '../../console/grants/total.ts';
import { nameToType, type RevokeTarget, revokeApiFor, selectionOf } from '../../console/revoke/plan.ts';

const grant = (parts: Partial<Grant> = {}): Grant => ({
  key_id: 'k1',
  grant_id: '01a2250f0e78'.padEnd(64, '7'),
  grantee_principal: 'bob',
  grantee_principal_type: 'user',
  operations: ['decrypt-data'],
  issuing_principal: 'alice',
  creation_date: '1700000000000',
  ...parts,
});

const caller = (permissions: PermissionName[], parts: Partial<Caller> = {}): Caller => ({
  user_id: 'alice',
  domain_id: 'd1',
  project_id: 'p1',
  roles: [],
  permissions,
  permissions_decided_by: 'roles',
  authority: 'standalone',
  identity: 'directory',
  jobs: true,
  region: 'r',
  ...parts,
});

const WHOLE_PERSON: RevokeTarget = { kind: 'filter', selection: { grantee_principal: 'bob' }, name: 'Bob' };
const WHOLE_KEY: RevokeTarget = { kind: 'filter', selection: { key_id: 'k1' }, name: 'orders' };
const ONE: RevokeTarget = { kind: 'grant', grant: grant() };

describe('how a revocation is done', () => {
  const administrator = caller(['kms:grant:revoke', 'kms:grant:revoke-any']);
  const creator = caller(['kms:grant:revoke']);

  test('an administrator revokes anything by a job', () => {
    expect([ONE, WHOLE_PERSON, WHOLE_KEY].map((target) => revokeApiFor(target, administrator))).toEqual([
      'job',
      'job',
      'job',
    ]);
  });

  test('without jobs, a person is revoked by revoke-principal-grants and a whole key not at all', () => {
    const withoutJobs = { ...administrator, jobs: false };
    expect(revokeApiFor(WHOLE_PERSON, withoutJobs)).toBe('principal');
    expect(revokeApiFor(WHOLE_KEY, withoutJobs)).toBeUndefined();
    expect(revokeApiFor(ONE, withoutJobs)).toBe('single');
  });

  test('who may not revoke on any key is offered single grants on their own keys only', () => {
    expect(revokeApiFor(ONE, creator, true)).toBe('single');
    expect(revokeApiFor(ONE, creator, false)).toBeUndefined();
    expect(revokeApiFor(WHOLE_PERSON, creator)).toBeUndefined();
  });

  test('a reader is offered nothing', () => {
    const reader = caller(['kms:grant:list']);
    expect([ONE, WHOLE_PERSON, WHOLE_KEY].map((target) => revokeApiFor(target, reader, true))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('one grant is selected by its id and key', () => {
    expect(selectionOf(ONE)).toEqual({ key_id: 'k1', grant_ids: ['01a2250f0e78'.padEnd(64, '7')] });
  });
});

describe('the name is to be typed', () => {
  test('for a whole person and a whole key', () => {
    expect(nameToType(WHOLE_PERSON)).toBe('Bob');
    expect(nameToType(WHOLE_KEY)).toBe('orders');
  });
  test('and not for a part of them, or for single grants', () => {
    const part = { grantee_principal: 'bob', key_id: 'k1' };
    expect(nameToType({ kind: 'filter', selection: part, name: 'Bob' })).toBeUndefined();
    const operations = { grantee_principal: 'bob', operations: ['decrypt-data' as const] };
    expect(nameToType({ kind: 'filter', selection: operations, name: 'Bob' })).toBeUndefined();
    expect(nameToType({ kind: 'selected', selection: { key_id: 'k1', grant_ids: ['g'] }, count: 1 })).toBeUndefined();
    expect(nameToType(ONE)).toBeUndefined();
  });
});

describe('giving a grant up is offered', () => {
  const self = { user_id: 'alice', domain_id: 'd1' };
  test.each([
    ['its issuer', {}, 'issuer'],
    ['its retiring principal', { issuing_principal: 'x', retiring_principal: 'alice' }, 'retiring'],
    [
      'a holder whose grant allows it',
      { issuing_principal: 'x', grantee_principal: 'alice', operations: ['retire-grant' as const] },
      'grantee',
    ],
    [
      'the users of a domain whose grant allows it',
      {
        issuing_principal: 'x',
        grantee_principal: 'd1',
        grantee_principal_type: 'domain' as const,
        operations: ['retire-grant' as const],
      },
      'grantee',
    ],
  ])('to %s', (_who, parts, right) => {
    expect(giveUpRightOf(grant(parts), self)).toBe(right);
  });

  test('to nobody else, not even a holder without retire-grant', () => {
    expect(giveUpRightOf(grant({ issuing_principal: 'x', grantee_principal: 'alice' }), self)).toBeUndefined();
    expect(giveUpRightOf(grant({ issuing_principal: 'x' }), self)).toBeUndefined();
  });
});

describe('the difference of two previews', () => {
  const preview = (ids: string[], truncated: 'true' | 'false' = 'false') => ({
    total: ids.length,
    grants: ids.map((grant_id) => grant({ grant_id })),
    grants_truncated: truncated,
  });
  test('names the grants that are new and those that are gone', () => {
    const { added, removed, change, isPartial } = differenceOf(preview(['a', 'b', 'c']), preview(['b', 'c', 'd', 'e']));
    expect(added.map(({ grant_id }) => grant_id)).toEqual(['d', 'e']);
    expect(removed.map(({ grant_id }) => grant_id)).toEqual(['a']);
    expect(change).toBe(1);
    expect(isPartial).toBe(false);
  });
  test('says so when a preview listed only its first grants', () => {
    expect(differenceOf(preview(['a'], 'true'), preview(['a'])).isPartial).toBe(true);
  });
});

describe('facts of a grant', () => {
  test('a filter by operation takes grants that allow one of them, and without one all', () => {
    expect(allowsOneOf(grant(), ['decrypt-data', 'create-grant'])).toBe(true);
    expect(allowsOneOf(grant(), ['create-grant'])).toBe(false);
    expect(allowsOneOf(grant(), [])).toBe(true);
  });
  test('a grant without a name is called by both ends of its id', () => {
    expect(nameOfGrant(grant())).toBe('01a2…77777777');
    expect(nameOfGrant(grant({ name: 'orders' }))).toBe('orders');
    expect(shortId('orders')).toBe('orders');
  });
  test('the number of a list without a filter by operation is what the service says', () => {
    expect(totalOf({ total: 450, shown: [grant()], hasMore: true }, { key_id: 'k1' })).toBe(450);
  });
  test('the number of a list with a filter by operation is known when the whole list is loaded', () => {
    const filter = { key_id: 'k1', operations: ['decrypt-data' as const] };
    expect(totalOf({ total: 450, shown: [grant()], hasMore: true }, filter)).toBeUndefined();
    expect(totalOf({ total: 450, shown: [grant()], hasMore: false }, filter)).toBe(1);
  });
  test('a sequence has the 36 characters that the API takes, and no two are equal', () => {
    const sequences = Array.from({ length: 100 }, newSequence);
    for (const sequence of sequences) expect(sequence).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(new Set(sequences).size).toBe(100);
  });
});
