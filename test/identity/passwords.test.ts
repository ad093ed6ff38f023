import { expect, test } from '@jest/globals';
import { hashPassword, isPassword } from '../../lib/identity/passwords.ts';

// Python: hashlib.scrypt(password, salt=bytes(range(16)), n=2**15, r=8, p=1, dklen=32)
const KNOWN = [
  [
    'correct horse battery staple',
    'scrypt:32768:8:1:AAECAwQFBgcICQoLDA0ODw==:eo40JB24mNWRdcaWU4xBdGepdf/laQaEJfFhiNMVnFg=',
  ],
  ['pässwörd-密钥', 'scrypt:32768:8:1:AAECAwQFBgcICQoLDA0ODw==:q1uoWQpJMZm6YrzayHt3FaLW5JECKeU3ExNcNCtmI5g='],
] as const;

test.each(KNOWN)('%j is the password of its hash, and no other is', async (password, stored) => {
  expect(await isPassword(password, stored)).toBe(true);
  expect(await isPassword(`${password} `, stored)).toBe(false);
  expect(await isPassword('', stored)).toBe(false);
});

test('a hash opens with its password, and is salted: the same password never hashes alike', async () => {
  const [one, two] = await Promise.all([hashPassword('secret'), hashPassword('secret')]);
  expect(one).toMatch(/^scrypt:32768:8:1:[A-Za-z0-9+/]{22}==:[A-Za-z0-9+/]{43}=$/);
  expect(one).not.toBe(two);
  expect(await isPassword('secret', one)).toBe(true);
  expect(await isPassword('secret', two)).toBe(true);
  expect(await isPassword('Secret', one)).toBe(false);
});

test.each([
  undefined,
  '',
  'scrypt',
  'scrypt::::',
  'scrypt:32768:8:1:AAECAwQFBgcICQoLDA0ODw==:',
  'scrypt:32768:8:1:AAECAwQFBgcICQoLDA0ODw==:eo40JB24mNWRdcaW',
  'correct horse battery staple',
])('no password opens %j', async (stored) => {
  expect(await isPassword('correct horse battery staple', stored)).toBe(false);
  expect(await isPassword('', stored)).toBe(false);
});

test('an unknown user takes as long as a known one', async () => {
  const fastest = async (stored: string | undefined) => {
    const times: number[] = [];
    for (let run = 0; run < 5; run += 1) {
      const startMs = performance.now();
      await isPassword('guess', stored);
      times.push(performance.now() - startMs);
    }
    return Math.min(...times);
  };
  expect(await fastest(undefined)).toBeGreaterThan((await fastest(KNOWN[0][1])) / 3);
});
