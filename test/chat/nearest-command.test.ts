import { expect, test } from '@jest/globals';
import { nearestName } from '../../lib/chat/nearest-command.ts';

const NAMES = ['help', 'whoami', 'keys', 'list', 'who', 'show', 'revoke', 'revoke-all', 'events', 'job'] as const;

test.each([
  ['lsit', 'list'],
  ['lst', 'list'],
  ['listt', 'list'],
  ['key', 'keys'],
  ['rev', 'revoke'],
  ['revoke-', 'revoke-all'],
  ['revokeall', 'revoke-all'],
  ['revoke_al', 'revoke-all'],
  ['reovke', 'revoke'],
  ['evnets', 'events'],
  ['hlep', 'help'],
  ['jbo', 'job'],
  ['whoim', 'whoami'],
])('%s is taken for %s', (typed, name) => {
  expect(nearestName(typed, NAMES)).toBe(name);
});

test.each(['', 'x', 'delete', 'grant-me-everything', 'x'.repeat(3000)])('%j is near no command', (typed) => {
  expect(nearestName(typed, NAMES)).toBeUndefined();
});
