/** Source of what is compared without regard to case: RFC 7643, sections 3.1 and 8.7.1. */
import { describe, expect, test } from '@jest/globals';
import type { ProvisionedUser } from '../../lib/domain/provisioned.ts';
import { tasksOf } from '../../lib/scim/deactivation.ts';
import { scim } from '../../lib/webhooks/inbound/adapters/scim.ts';
import { sourceFor } from '../webhooks/inbound/adapters/request.ts';

const ANN: ProvisionedUser = {
  source: 'source',
  type: 'User',
  id: '2819c223',
  userName: 'Ann',
  externalId: 'Ext-7',
  active: true,
  emails: [{ value: 'Ann@Example.com' }, { type: 'home' } as never],
  granteePrincipal: 'stated',
  createdAtMs: 0,
  modifiedAtMs: 0,
  version: 1,
};
const INACTIVE = { ...ANN, active: false };

const tasks = (before: ProvisionedUser, after: ProvisionedUser | undefined, entry: object = {}) =>
  tasksOf({ before, after }, sourceFor(scim, { ...entry }));

const task = (person: object, event = 'user.deactivated') => ({
  action: 'revoke-principal',
  type: 'principal.disabled',
  event,
  reason: `scim ${event}`,
  ...person,
});
const IDENTITIES = { identities: ['2819c223', 'Ext-7', 'Ann', 'ann'], caseInsensitiveIdentities: ['Ann', 'ann'] };

test('a change that leaves a user active or inactive, or makes the user active, revokes nothing', () => {
  expect(tasks(ANN, { ...ANN, userName: 'x' })).toEqual([]);
  expect(tasks(INACTIVE, { ...INACTIVE, userName: 'x' })).toEqual([]);
  expect(tasks(INACTIVE, ANN)).toEqual([]);
});

test('the mappings of a deactivated user are found by id, externalId and user name', () => {
  expect(tasks(ANN, INACTIVE)).toEqual([task(IDENTITIES)]);
});

test('a deleted user loses access, also one who was inactive before', () => {
  expect(tasks(ANN, undefined)).toEqual([task(IDENTITIES, 'user.deleted')]);
  expect(tasks(INACTIVE, undefined)).toEqual([task(IDENTITIES, 'user.deleted')]);
});

test('the principal that an identity provider states loses grants only if principal_attribute is set', () => {
  expect(tasks(ANN, INACTIVE, { principal_attribute: true })).toEqual([task({ grantee: 'stated' })]);
  expect(tasks(ANN, INACTIVE, { principal_attribute: false })).toEqual([task(IDENTITIES)]);
});

test('the principal that an administrator assigned to a user loses the grants, not the one that the identity provider states', () => {
  const assigned = { ...ANN, assignedPrincipal: 'assigned' };
  const after = { ...assigned, active: false };
  expect(tasks(assigned, after)).toEqual([task({ grantee: 'assigned' })]);
  expect(tasks(assigned, after, { principal_attribute: true })).toEqual([task({ grantee: 'assigned' })]);
});

describe('e-mail addresses', () => {
  const named = { ...ANN, userName: 'Ann@Corp.example' };
  test('an e-mail address identifies nobody unless the settings trust the source for it, not even as the user name', () => {
    const person = { identities: ['2819c223', 'Ext-7'], caseInsensitiveIdentities: [] };
    expect(tasks(named, { ...named, active: false })).toEqual([task(person)]);
  });

  test('a trusted e-mail address identifies the user in lower case', () => {
    const identities = ['2819c223', 'Ext-7', 'Ann@Corp.example', 'ann@corp.example', 'ann@example.com'];
    expect(tasks(named, { ...named, active: false }, { trust_email: true })).toEqual([
      task({ identities, caseInsensitiveIdentities: [] }),
    ]);
  });
});

test('the mappings of a user who is renamed and deactivated at once are found by the old and the new name', () => {
  const after = { ...INACTIVE, userName: 'bob', externalId: 'Ext-8', granteePrincipal: 'other' };
  expect(tasks(ANN, after)).toEqual([
    task({
      identities: ['2819c223', 'Ext-7', 'Ann', 'ann', 'Ext-8', 'bob'],
      caseInsensitiveIdentities: ['Ann', 'ann', 'bob'],
    }),
  ]);
  const trusting = { principal_attribute: true };
  expect(tasks(ANN, after, trusting)).toEqual([task({ grantee: 'stated' }), task({ grantee: 'other' })]);
  const { granteePrincipal, ...unstated } = INACTIVE;
  expect(tasks(ANN, unstated, trusting)).toEqual([task({ grantee: 'stated' }), task(IDENTITIES)]);
});

test('the setting events can make a deactivation wait for a person, or be ignored', () => {
  expect(tasks(ANN, INACTIVE, { events: { 'user.deactivated': 'needs-person' } })).toMatchObject([
    { action: 'needs-person', type: 'user.deactivated', identities: IDENTITIES.identities },
  ]);
  expect(tasks(ANN, undefined, { events: { 'user.deleted': 'ignore' } })).toEqual([
    { action: 'ignore', type: 'user.deleted' },
  ]);
});

test('a user with very many identities becomes several tasks', () => {
  const emails = Array.from({ length: 20 }, (_, n) => ({ value: `a${n}@x.org` }));
  const others = Array.from({ length: 20 }, (_, n) => ({ value: `b${n}@x.org` }));
  const found = tasks({ ...ANN, emails }, { ...INACTIVE, emails: others }, { trust_email: true });
  expect(found).toHaveLength(2);
  expect(found.flatMap((one) => ('identities' in one ? (one.identities ?? []) : []))).toHaveLength(44);
});
