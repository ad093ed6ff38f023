import { expect, test } from '@jest/globals';
import { peopleNeeded } from '../../lib/chat/approvals.ts';
import type { ApprovalRule } from '../../lib/config.ts';

test.each<[string, ApprovalRule[], 'revoke' | 'revoke-all', number, number]>([
  ['no rule', [], 'revoke-all', 1000, 1],
  ['a rule for everything', [{ people: 2 }], 'revoke', 1, 2],
  ['a rule for another command', [{ people: 2, action: 'revoke-all' }], 'revoke', 1, 1],
  ['a rule for this command', [{ people: 2, action: 'revoke-all' }], 'revoke-all', 1, 2],
  ['a rule for more grants', [{ people: 2, grantsAbove: 10 }], 'revoke-all', 10, 1],
  ['a rule for fewer grants', [{ people: 2, grantsAbove: 10 }], 'revoke-all', 11, 2],
  ['the stricter of two rules', [{ people: 2, grantsAbove: 10 }, { people: 1 }], 'revoke-all', 11, 2],
])('with %s, a revocation needs that many people', (_, rules, action, grantCount, people) => {
  expect(peopleNeeded(rules, action, grantCount)).toBe(people);
});
