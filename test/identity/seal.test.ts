import { expect, test } from '@jest/globals';
import { seal, unseal } from '../../lib/identity/seal.ts';

const ROOT_KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const OWNER = 'OWNER';
const SECRET = 'a secret key';
// Python, cryptography's AESGCM: key 00..1f, iv 00..0b, the owner as associated data; laid out as iv, tag, ciphertext.
const KNOWN = Buffer.from('000102030405060708090a0b0270cd826a2078a52a8d9a07869b155e2622a57ea697a76fad2af2f2', 'hex');

test('a secret sealed by another implementation opens', () => {
  expect(unseal([ROOT_KEY], KNOWN, OWNER)).toBe(SECRET);
});

test.each(['', 'x', SECRET, 'schlüssel-密钥-🔑', 'x'.repeat(10_000)])('what was sealed opens again', (secret) => {
  expect(unseal([ROOT_KEY], seal(ROOT_KEY, secret, OWNER), OWNER)).toBe(secret);
});

test('the same secret never seals alike, and does not show', () => {
  const [one, two] = [seal(ROOT_KEY, SECRET, OWNER), seal(ROOT_KEY, SECRET, OWNER)];
  expect(Buffer.from(one).equals(two)).toBe(false);
  expect(Buffer.from(one).includes(SECRET)).toBe(false);
  expect(one).toHaveLength(12 + 16 + SECRET.length);
});

test.each(['owner', 'OWNER2', 'OWNE', ''])('moved to another owner it does not open: %j', (owner) => {
  expect(() => unseal([ROOT_KEY], KNOWN, owner)).toThrow();
});

test('with any one bit changed it does not open', () => {
  for (let bit = 0; bit < KNOWN.length * 8; bit += 1) {
    const changed = Uint8Array.from(KNOWN);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => unseal([ROOT_KEY], changed, OWNER)).toThrow();
  }
});

test('cut short anywhere, or longer, it does not open', () => {
  for (let length = 0; length < KNOWN.length; length += 1) {
    expect(() => unseal([ROOT_KEY], KNOWN.subarray(0, length), OWNER)).toThrow();
  }
  expect(() => unseal([ROOT_KEY], Buffer.concat([KNOWN, Buffer.alloc(1)]), OWNER)).toThrow();
});

test('with another root key it does not open', () => {
  const other = Uint8Array.from(ROOT_KEY);
  other[31] = 0;
  expect(() => unseal([other], KNOWN, OWNER)).toThrow();
});

test('it opens with any of several root keys', () => {
  const [older, newer] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  expect(unseal([newer, ROOT_KEY, older], KNOWN, OWNER)).toBe(SECRET);
  expect(() => unseal([newer, older], KNOWN, OWNER)).toThrow();
  expect(() => unseal([], KNOWN, OWNER)).toThrow();
});
