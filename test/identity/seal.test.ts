import { expect, test } from '@jest/globals';
import { seal, unseal } from '../../lib/identity/seal.ts';

const ROOT_KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const OWNER = 'OWNER';
const SECRET = 'a secret key';
// From Python's cryptography.AESGCM: key 00..1f, iv 00..0b, the owner as associated data; as iv, tag, ciphertext.
const SEALED = Buffer.from('000102030405060708090a0b0270cd826a2078a52a8d9a07869b155e2622a57ea697a76fad2af2f2', 'hex');

test('a secret that another implementation has encrypted is decrypted', () => {
  expect(unseal([ROOT_KEY], SEALED, OWNER)).toBe(SECRET);
});

test.each(['', 'x', SECRET, 'schlüssel-密钥-🔑', 'x'.repeat(10_000)])(
  'a sealed secret is decrypted to the same text',
  (secret) => {
    expect(unseal([ROOT_KEY], seal(ROOT_KEY, secret, OWNER), OWNER)).toBe(secret);
  },
);

test('sealing the same secret twice gives different bytes, which do not contain it', () => {
  const [first, second] = [seal(ROOT_KEY, SECRET, OWNER), seal(ROOT_KEY, SECRET, OWNER)];
  expect(Buffer.from(first).equals(second)).toBe(false);
  expect(Buffer.from(first).includes(SECRET)).toBe(false);
  expect(first).toHaveLength(12 + 16 + SECRET.length);
});

test.each(['owner', 'OWNER2', 'OWNE', ''])('a sealed secret of another owner is not decrypted: %j', (owner) => {
  expect(() => unseal([ROOT_KEY], SEALED, owner)).toThrow();
});

test('a sealed secret with any bit changed is not decrypted', () => {
  for (let bit = 0; bit < SEALED.length * 8; bit += 1) {
    const changed = Uint8Array.from(SEALED);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => unseal([ROOT_KEY], changed, OWNER)).toThrow();
  }
});

test('a sealed secret that is truncated or extended is not decrypted', () => {
  for (let length = 0; length < SEALED.length; length += 1) {
    expect(() => unseal([ROOT_KEY], SEALED.subarray(0, length), OWNER)).toThrow();
  }
  expect(() => unseal([ROOT_KEY], Buffer.concat([SEALED, Buffer.alloc(1)]), OWNER)).toThrow();
});

test('another root key does not decrypt a sealed secret', () => {
  const other = Uint8Array.from(ROOT_KEY);
  other[31] = 0;
  expect(() => unseal([other], SEALED, OWNER)).toThrow();
});

test('any of several root keys decrypts a sealed secret', () => {
  const [older, newer] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  expect(unseal([newer, ROOT_KEY, older], SEALED, OWNER)).toBe(SECRET);
  expect(() => unseal([newer, older], SEALED, OWNER)).toThrow();
  expect(() => unseal([], SEALED, OWNER)).toThrow();
});
