import { describe, expect, test } from '@jest/globals';
import { formatOf } from '../../console/words/format.ts';
import { languageOf } from '../../console/words/words.ts';

describe('the language', () => {
  test.each([
    [['zh-CN', 'en'], 'zh'],
    [['de-DE', 'zh-Hant-TW', 'en'], 'zh'],
    [['en-GB', 'zh'], 'en'],
    [['fr'], 'en'],
    [[], 'en'],
  ])('of a browser that prefers %j is %s', (preferred, language) => {
    expect(languageOf(preferred)).toBe(language);
  });
});

describe('numbers and times', () => {
  const at = Date.UTC(2026, 10, 29, 1, 57, 9);
  test('have separators of thousands', () => {
    expect(formatOf('en').number(1240)).toBe('1,240');
    expect(formatOf('zh').number(100_000)).toBe('100,000');
  });
  test('name the year first in both languages', () => {
    expect(formatOf('en').dateTime(at, 'UTC')).toBe('2026-11-29 01:57:09');
    expect(formatOf('zh').dateTime(at, 'UTC')).toBe('2026/11/29 01:57:09');
    expect(formatOf('en').dateTime(at, 'Asia/Shanghai')).toBe('2026-11-29 09:57:09');
  });
  test('midnight is 00:00:00', () => {
    expect(formatOf('zh').dateTime(Date.UTC(2026, 0, 1), 'UTC')).toBe('2026/01/01 00:00:00');
    expect(formatOf('en').dateTime(Date.UTC(2026, 0, 1), 'UTC')).toBe('2026-01-01 00:00:00');
  });
});
