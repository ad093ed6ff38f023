import { expect, test } from '@jest/globals';
import { personLimit } from '../../lib/chat/person-limit.ts';

test('a person may send 30 commands in each minute, whatever others send', () => {
  let nowMs = 60_000;
  const isWithinLimit = personLimit(() => nowMs);
  const countOf = (identity: string) =>
    Array.from({ length: 100 }, () => isWithinLimit(identity)).filter(Boolean).length;
  expect([countOf('ann'), countOf('ben'), countOf('ann')]).toEqual([30, 30, 0]);
  nowMs += 60_000;
  expect(countOf('ann')).toBe(30);
});
