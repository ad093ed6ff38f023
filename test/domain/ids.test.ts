import { expect, test } from '@jest/globals';
import { newEventId, newGrantId, newKeyId } from '../../lib/domain/ids.ts';

/** A UUID of version 7 for this moment begins with 018bcfe5-6800-7. Source: RFC 9562, section 5.7. */
const AT_MS = 1_700_000_000_000;
const AT_HEX = '018bcfe56800';

/** Times before and after those at which the hexadecimal number gets a carry or another digit. */
const MOMENTS = [0, 1, 15, 16, 255, 256, 2 ** 32 - 1, 2 ** 32, AT_MS - 1, AT_MS, AT_MS + 1, 2 ** 41, 2 ** 47];

test('a grant id is 64 lower-case hex digits and begins with its time', () => {
  for (const atMs of MOMENTS) expect(newGrantId(atMs)).toMatch(/^[a-f0-9]{64}$/);
  expect(newGrantId(AT_MS).slice(0, 12)).toBe(AT_HEX);
});

test('a key id has the documented form and is a UUID of version 7 that begins with its time', () => {
  for (const atMs of MOMENTS) {
    expect(newKeyId(atMs)).toMatch(/^[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12}$/);
    expect(newKeyId(atMs)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  expect(newKeyId(AT_MS).slice(0, 13)).toBe('018bcfe5-6800');
});

test('an event id is 32 lower-case hex digits and begins with its time', () => {
  for (const atMs of MOMENTS) expect(newEventId(atMs)).toMatch(/^[a-f0-9]{32}$/);
  expect(newEventId(AT_MS).slice(0, 12)).toBe(AT_HEX);
});

test.each([
  ['grant', newGrantId],
  ['key', newKeyId],
  ['event', newEventId],
])('%s ids sort in the order of their times', (_, newId) => {
  const ids = MOMENTS.map(newId);
  expect(ids.toSorted()).toEqual(ids);
});

test.each([
  ['grant', newGrantId],
  ['key', newKeyId],
  ['event', newEventId],
])('10,000 %s ids of one millisecond are all different', (_, newId) => {
  expect(new Set(Array.from({ length: 10_000 }, () => newId(AT_MS))).size).toBe(10_000);
});
