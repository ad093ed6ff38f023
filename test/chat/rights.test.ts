/** Also tests: lib/chat/source.ts. */
import { expect, test } from '@jest/globals';
import { contextsWithRight, mayUse, PERMISSIONS } from '../../lib/chat/rights.ts';
import { CHAT_ACTIONS, type ChatAction } from '../../lib/chat/source.ts';
import { chatSource, contextIn } from './fixture.ts';

const [OWN, OTHER] = ['p1', 'p2'];
const READS = ['keys', 'list', 'who', 'show', 'events', 'job'];

test.each<[string, string[]]>([
  ['KMS Administrator', [...READS, 'revoke', 'revoke-all']],
  ['KMS CMKFullAccess', [...READS, 'revoke']],
  ['KMS CMKReadOnlyAccess', READS],
  ['Security Administrator', []],
  ['no role of this service', []],
])('%s may use %j', (role, actions) => {
  const contexts = [contextIn(OWN, [role])];
  expect(CHAT_ACTIONS.filter((action) => mayUse(chatSource(), contexts, action))).toEqual(actions);
});

test('a command applies in the projects in which the roles allow it', () => {
  const contexts = [contextIn(OWN, ['KMS CMKReadOnlyAccess']), contextIn(OTHER, ['KMS Administrator'])];
  expect(contextsWithRight(contexts, 'list')).toEqual(contexts);
  expect(contextsWithRight(contexts, 'revoke-all')).toEqual([contexts[1]]);
});

test('a command that the source does not offer may not be used, whatever the roles', () => {
  expect(mayUse(chatSource({ actions: ['list'] }), [contextIn(OWN, ['te_admin'])], 'revoke')).toBe(false);
});

test('every command has a permission', () => {
  expect(Object.keys(PERMISSIONS).sort()).toEqual([...(CHAT_ACTIONS satisfies readonly ChatAction[])].sort());
});
