import { expect, test } from '@jest/globals';
import { hmacSha256Hex, isEqualConstantTime, sha256Hex } from '../../lib/signing/bytes.ts';

test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
])('sha256Hex of %j is the value in FIPS 180-2, appendix B', (text, hash) => {
  expect(sha256Hex(text)).toBe(hash);
  expect(sha256Hex(Buffer.from(text))).toBe(hash);
});

test.each([
  [Buffer.alloc(20, 0x0b), Buffer.from('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  ['Jefe', 'what do ya want for nothing?', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
  [
    Buffer.alloc(131, 0xaa),
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
])('hmacSha256Hex is the value in RFC 4231, section 4', (key, data, hash) => {
  expect(hmacSha256Hex(key, data)).toBe(hash);
});

test.each([
  ['', '', true],
  ['a', 'a', true],
  ['é', 'é', true],
  ['a', 'b', false],
  ['a', 'A', false],
  ['a', 'aa', false],
  ['', 'a', false],
  ['é', 'e\u0301', false],
])('isEqualConstantTime(%j, %j) is %j', (a, b, isEqual) => {
  expect(isEqualConstantTime(a, b)).toBe(isEqual);
});
