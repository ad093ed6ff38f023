/** Tests console/api/admin.ts. */
import { expect, test } from '@jest/globals';
import { accessKeysPath, nextPathOf, type Source, settingsOf, usersPath } from '../../console/api/admin.ts';

test('the next page of a list has the path of its link, at this service whatever its host', () => {
  expect(nextPathOf({ links: { next: '/v3/users?limit=2&marker=u2' } })).toBe('/v3/users?limit=2&marker=u2');
  expect(nextPathOf({ links: { next: 'https://other.example.com/v3/users?marker=u2' } })).toBe('/v3/users?marker=u2');
  expect(nextPathOf({ links: { next: null } })).toBeUndefined();
});

test('the lists of users and of access keys ask for one page, of one name or user', () => {
  expect(usersPath('', 100)).toBe('/v3/users?limit=100');
  expect(usersPath('a&b', 100)).toBe('/v3/users?limit=100&name=a%26b');
  expect(accessKeysPath('u1', 50)).toBe('/v3.0/OS-CREDENTIAL/credentials?user_id=u1&limit=50');
});

test('of a source, the settings of its kind are shown as texts', () => {
  const source: Source = {
    name: 'slack',
    kind: 'slack',
    purpose: 'chat',
    path: '/hooks/slack',
    projects: ['p1'],
    actions: ['revoke'],
    open_jobs: 0,
    workspaces: ['T1', 'T2'],
    channels: undefined,
    url: 'https://slack.com',
  };
  expect(settingsOf(source)).toEqual([
    ['workspaces', 'T1, T2'],
    ['url', 'https://slack.com'],
  ]);
});
