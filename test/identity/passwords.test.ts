import { expect, test } from '@jest/globals';
import { hashPassword, isPassword } from '../../lib/identity/passwords.ts';
import { useRealCost } from '../support/cheap-passwords.ts';

useRealCost();

// Python: hashlib.scrypt(password, salt=bytes(range(16)), n=2**15, r=8, p=1, dklen=32)
const VECTORS = [
  [
    'correct horse battery staple',
    'scrypt:32768:8:1:AAECAwQFBgcICQoLDA0ODw==:eo40JB24mNWRdcaWU4xBdGepdf/laQaEJfFhiNMVnFg=',
  ],
  ['pässwörd-密钥', 'scrypt:32768:8:1:AAECAwQFBgcICQoLDA0ODw==:q1uoWQpJMZm6YrzayHt3FaLW5JECKeU3ExNcNCtmI5g='],
] as const;

test.each(VECTORS)('%j matches its hash, and other passwords do not', async (password, stored) => {
  expect(await isPassword(password, stored)).toBe(true);
  expect(await isPassword(`${password} `, stored)).toBe(false);
  expect(await isPassword('', stored)).toBe(false);
});

test('hashing the same password twice gives different hashes, and the password matches both', async () => {
  const [first, second] = await Promise.all([hashPassword('secret'), hashPassword('secret')]);
  expect(first).toMatch(/^scrypt:32768:8:1:[A-Za-z0-9+/]{22}==:[A-Za-z0-9+/]{43}=$/);
  expect(first).not.toBe(second);
  expect(await isPassword('secret', first)).toBe(true);
  expect(await isPassword('secret', second)).toBe(true);
  expect(await isPassword('Secret', first)).toBe(false);
});

test.each([
  undefined,
  '',
  'scrypt',
  'scrypt::::',
  'scrypt:32768:8:1:AAECAwQFBgcICQoLDA0ODw==:',
  'scrypt:32768:8:1:AAECAwQFBgcICQoLDA0ODw==:eo40JB24mNWRdcaW',
  'correct horse battery staple',
])('no password matches the stored text %j', async (stored) => {
  expect(await isPassword('correct horse battery staple', stored)).toBe(false);
  expect(await isPassword('', stored)).toBe(false);
});

test('checking the password of an unknown user takes as long as for a known user', async () => {
  const fastestMs = { unknown: Number.POSITIVE_INFINITY, known: Number.POSITIVE_INFINITY };
  // The two are measured in turns, so that a busy machine slows both down.
  for (let run = 0; run < 8; run += 1) {
    for (const [user, stored] of [['unknown', undefined] as const, ['known', VECTORS[0][1]] as const]) {
      const startMs = performance.now();
      await isPassword('guess', stored);
      fastestMs[user] = Math.min(fastestMs[user], performance.now() - startMs);
    }
  }
  expect(fastestMs.unknown).toBeGreaterThan(fastestMs.known / 3);
});
