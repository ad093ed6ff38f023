import { expect, test } from '@jest/globals';
import { KmsError } from '../../lib/errors.ts';
import { assertUniqueKeys, decodeUtf8, parseBody, parseList } from '../../lib/validation/json-body.ts';
import { randomFrom } from '../signing/random.ts';

const bytes = (text: string) => Buffer.from(text);

function refusalOf(body: Uint8Array, parse: (body: Uint8Array) => unknown = parseBody): string | undefined {
  try {
    parse(body);
    return undefined;
  } catch (error) {
    if (error instanceof KmsError && error.code === 'KMS.0202') return error.message;
    throw error;
  }
}

const NOT_JSON = 'Invalid JSON format of the request message. The body must be JSON in UTF-8.';
const NOT_OBJECT = 'Invalid JSON format of the request message. The body must be a JSON object.';
const NOT_ARRAY = 'Invalid JSON format of the request message. The body must be a JSON array.';
const PROTO = 'Invalid JSON format of the request message. The key __proto__ is not allowed.';
const DUPLICATE_KEY = 'Invalid JSON format of the request message. A key occurs twice.';

test('an empty body is an empty object', () => {
  expect(parseBody(new Uint8Array())).toEqual({});
});

test.each([
  ['{}', {}],
  [' \t\r\n{ "a" : 1 }\n', { a: 1 }],
  ['{"a":{"a":{"a":[{"a":1},{"a":2}]}},"b":{"a":1}}', { a: { a: { a: [{ a: 1 }, { a: 2 }] } }, b: { a: 1 } }],
  ['{"a":"\\"a\\":","b":"{","c":"}"}', { a: '"a":', b: '{', c: '}' }],
  ['{"a":["b","b"],"b":"b"}', { a: ['b', 'b'], b: 'b' }],
  ['{"a\\\\":1,"a":2}', { 'a\\': 1, a: 2 }],
  ['{"A":1,"a":2}', { A: 1, a: 2 }],
  ['{"é":1,"e\\u0301":2}', { é: 1, 'e\u0301': 2 }],
  ['{"":1}', { '': 1 }],
  ['{"constructor":1,"prototype":2,"toString":3}', { constructor: 1, prototype: 2, toString: 3 }],
  ['{"a":"__proto__"}', { a: '__proto__' }],
  ['{"a":"\\u0000\\ud83d\\ude00"}', { a: '\u0000😀' }],
])('%s is parsed', (text, value) => {
  expect(parseBody(bytes(text))).toEqual(value);
});

test.each([' ', '{', '}', '{"a"}', '{"a":}', '{a:1}', "{'a':1}", '{"a":1,}', '{"a":1}{}', '{"a":1} x', '{"a":01}'])(
  '%j is refused as invalid JSON',
  (text) => {
    expect(refusalOf(bytes(text))).toBe(NOT_JSON);
  },
);

test.each(['{"a":NaN}', '{"a":undefined}', '{"a":"\n"}', '{"a":"\\x41"}', '// {}', 'a=1&b=2', '<a/>', '{"a":1e}'])(
  '%j is refused as invalid JSON',
  (text) => {
    expect(refusalOf(bytes(text))).toBe(NOT_JSON);
  },
);

test.each(['[]', '[{}]', 'null', 'true', '0', '-1.5e3', '"{}"', '""'])(
  '%s is refused because it is not an object',
  (text) => {
    expect(refusalOf(bytes(text))).toBe(NOT_OBJECT);
  },
);

test('parseList parses an array', () => {
  expect(parseList(bytes('[{"a":1},{"a":2},"a"]'))).toEqual([{ a: 1 }, { a: 2 }, 'a']);
  expect(parseList(bytes(' []\n'))).toEqual([]);
});

test.each([
  ['', NOT_JSON],
  ['[', NOT_JSON],
  ['[1,]', NOT_JSON],
  ['{}', NOT_ARRAY],
  ['{"0":1,"length":1}', NOT_ARRAY],
  ['null', NOT_ARRAY],
  ['"[]"', NOT_ARRAY],
  ['[{"a":1,"a":2}]', DUPLICATE_KEY],
  ['[[{"a":1,"\\u0061":2}]]', DUPLICATE_KEY],
  ['[{"__proto__":{}}]', PROTO],
])('parseList refuses %j', (text, refusal) => {
  expect(refusalOf(bytes(text), parseList)).toBe(refusal);
});

test('parseList refuses bytes that are not UTF-8', () => {
  expect(refusalOf(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]), parseList)).toBe(NOT_JSON);
});

test.each([
  ['a byte that UTF-8 never has', [0xff]],
  ['a continuation without a start', [0x80]],
  ['a sequence cut short', [0xe5, 0xaf]],
  ['an overlong form', [0xc0, 0xaf]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
])('a body with %s inside a string is refused', (_, broken) => {
  expect(refusalOf(Buffer.concat([bytes('{"a":"'), Buffer.from(broken), bytes('"}')]))).toBe(NOT_JSON);
});

test.each([
  ['two byte order marks', Buffer.from('\ufeff\ufeff{}')],
  ['a byte order mark inside', Buffer.from('{\ufeff}')],
  ['UTF-16 encoding', Buffer.from('{"a":1}', 'utf16le')],
  ['a zero byte at the end', Buffer.from('{}\u0000')],
])('a body with %s is refused', (_, body) => {
  expect(refusalOf(body)).toBe(NOT_JSON);
});

test.each([
  '{"a":1,"a":1}',
  '{"a":1,"b":2,"a":3}',
  '{"a":1,"\\u0061":2}',
  '{"a" : 1 , "a"\n:\t2}',
  '{"x":{"a":1,"a":2}}',
  '{"x":[1,{"y":[{"a":1,"a":2}]}]}',
  '{"a":{"b":1},"a":{"c":2}}',
  '{"":1,"":2}',
  '{"\\"":1,"\\u0022":2}',
])('an object with a duplicate key is refused: %s', (text) => {
  expect(refusalOf(bytes(text))).toBe(DUPLICATE_KEY);
});

test.each([
  '{"__proto__":{}}',
  '{"__proto__":null}',
  '{"\\u005f_proto__":{"admin":true}}',
  '{"a":[{"b":{"__proto__":1}}]}',
])('the key __proto__ is refused and changes no prototype: %s', (text) => {
  expect(refusalOf(bytes(text))).toBe(PROTO);
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test.each([
  ['arrays', `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
  ['objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['a long text', `{"a":"${'\\"'.repeat(30_000)}"}`],
  ['many keys', `{${Array.from({ length: 8_000 }, (_, index) => `"${index}":1`).join(',')}}`],
])('64 KiB of %s are parsed', (_, text) => {
  expect(Object.keys(parseBody(bytes(text)))).toContain(text.startsWith('{"0"') ? '0' : 'a');
});

const { next, below, oneOf, text: textOf } = randomFrom(20_261_122);
const CHARS = [
  'a',
  'b',
  '_',
  ' ',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '\\"',
  '\\\\',
  '\\/',
  '\\n',
  '\\u0061',
  '\\ud83d',
  'é',
  '🔑',
];
const space = () => oneOf(['', '', '', ' ', '\n', '\t\r']);
const string = () => `"${textOf(CHARS, below(6))}"`;

/** Returns the text of a random object, and whether it has a duplicate key. */
function randomObject(depth: number): { text: string; hasDuplicate: boolean } {
  const keys = new Set<string>();
  let hasDuplicate = false;
  const pairs = Array.from({ length: below(5) }, () => {
    const key = string();
    hasDuplicate ||= keys.has(JSON.parse(key));
    keys.add(JSON.parse(key));
    const value = randomValue(depth - 1);
    hasDuplicate ||= value.hasDuplicate;
    return `${space()}${key}${space()}:${space()}${value.text}${space()}`;
  });
  return { text: `{${space()}${pairs.join(',')}}`, hasDuplicate };
}

function randomValue(depth: number): { text: string; hasDuplicate: boolean } {
  if (depth > 0 && next() < 0.3) return randomObject(depth);
  if (depth > 0 && next() < 0.3) {
    const values = Array.from({ length: below(4) }, () => randomValue(depth - 1));
    return {
      text: `[${space()}${values.map(({ text }) => text).join(`${space()},${space()}`)}]`,
      hasDuplicate: values.some((value) => value.hasDuplicate),
    };
  }
  return { text: oneOf([string(), 'true', 'false', 'null', '0', '-1.5e+3', String(below(1e9))]), hasDuplicate: false };
}

const OBJECTS = Array.from({ length: 5_000 }, () => randomObject(4));

test('5,000 random objects are parsed as JSON.parse does, or refused if they have a duplicate key', () => {
  for (const { text, hasDuplicate } of OBJECTS) {
    if (hasDuplicate) expect({ text, refusal: refusalOf(bytes(text)) }).toEqual({ text, refusal: DUPLICATE_KEY });
    else expect(parseBody(bytes(text))).toEqual(JSON.parse(text));
  }
  const duplicates = OBJECTS.filter(({ hasDuplicate }) => hasDuplicate).length;
  expect([duplicates > 500, duplicates < 4_500]).toEqual([true, true]);
});

test('5,000 random objects with one changed character are refused, or parsed as JSON.parse does', () => {
  let parsedCount = 0;
  for (const { text } of OBJECTS) {
    const chars = [...text];
    chars[below(chars.length)] = oneOf(['', '"', '{', '}', ':', ',', '\\', '0', 'x']);
    const changed = chars.join('');
    const expected = parsedBy(JSON.parse, changed);
    const actual = parsedBy((json) => parseBody(bytes(json)), changed);
    if (actual !== undefined) expect(actual).toEqual(expected);
    if (actual !== undefined) parsedCount += 1;
  }
  expect(parsedCount).toBeGreaterThan(250);
});

function parsedBy(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

test('assertUniqueKeys leaves a key that is not a JSON string to the JSON parser', () => {
  expect(() => assertUniqueKeys('{"\\x61":1,"\\x61":2}', 'KMS.0202')).not.toThrow();
});

// With work that grows by the square of the length, each of these takes minutes.
test.each([
  ['an unterminated string of escaped quotes', `"${'\\"'.repeat(1_000_000)}`],
  ['the same with a backslash at its end', `"${'\\"'.repeat(1_000_000)}\\`],
  ['an unterminated value of escaped quotes', `{"a":"${'\\"'.repeat(1_000_000)}`],
  ['many quotes', '"'.repeat(2_000_001)],
  ['many strings before white space', '"" '.repeat(700_000)],
  ['many open braces', '{'.repeat(2_000_000)],
])('assertUniqueKeys reads text that is not JSON once, from start to end: %s', (_, text) => {
  expect(() => assertUniqueKeys(text, 'KMS.0202')).not.toThrow();
});

// RFC 8259, section 8.1: a parser may ignore a byte order mark.
test('a byte order mark before an object or a list is skipped', () => {
  expect(parseBody(bytes('\ufeff{"a":1}'))).toEqual({ a: 1 });
  expect(parseList(bytes('\ufeff[1]'))).toEqual([1]);
});

test('decodeUtf8 skips a byte order mark and returns undefined for bytes that are not UTF-8', () => {
  expect(decodeUtf8(bytes('\ufeff{}'))).toBe('{}');
  expect(decodeUtf8(Buffer.from([0xff]))).toBeUndefined();
});
