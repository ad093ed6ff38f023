import { expect, test } from '@jest/globals';
import { userName } from '../../lib/chat/user-name.ts';
import type { Store } from '../../lib/store/store.ts';

const PRINCIPAL = 'a0d2021977a04c5f8f5a2b2a1d7f3c11';

const directoryWith = (name: string | undefined) => ({
  directory: {
    user: async (userId: string) =>
      name === undefined ? undefined : { userId, name, domainId: PRINCIPAL, enabled: true },
  } as unknown as Store['directory'],
});

test('a user is called by the name in the directory, as one line without direction characters', async () => {
  expect(await userName(directoryWith('Ann\u202e\nLee'), PRINCIPAL)).toBe('Ann Lee');
});

test.each([
  ['is not in the directory', undefined],
  ['has an e-mail address as a name', 'ann@example.com'],
  ['has an e-mail address with a full-width sign', 'ann＠example.com'],
  ['has a name that shows nothing', '\u200b\u3164'],
])('there is no name to show of a principal that %s', async (_, name) => {
  expect(await userName(directoryWith(name), PRINCIPAL)).toBeUndefined();
});
