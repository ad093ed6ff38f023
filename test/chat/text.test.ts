import { describe, expect, test } from '@jest/globals';
import { NOTHING, shownText, shownTime, withoutEmailAddresses } from '../../lib/chat/text.ts';

describe('a text that somebody else wrote', () => {
  test.each<[string, string, string]>([
    ['line ends and tabs become spaces', 'a\r\nApproved by root\tb', 'a Approved by root b'],
    ['direction characters are removed', 'invoice\u202egnp.exe\u2066x\u2069', 'invoicegnp.exex'],
    ['invisible characters are removed', 'a\u200bdm\u2060in\ufeff', 'admin'],
    ['control characters become question marks', 'a\u0007b\u001b[31mc', 'a?b?[31mc'],
    ['at most four marks stay on one letter', `a${'\u0301'.repeat(50)}b`, `a${'\u0301'.repeat(4)}b`],
    ['mark-up stays as it is: platforms escape it', '<!channel> *x* `y` &amp;', '<!channel> *x* `y` &amp;'],
  ])('%s', (_, text, shown) => {
    expect(shownText(text)).toBe(shown);
  });

  test.each([undefined, '', ' \n ', '\u200b', '\u3164', '\u2800\u2800', '\u0301'])(
    '%j shows nothing, so a dash stands for it',
    (text) => {
      expect(shownText(text)).toBe(NOTHING);
    },
  );

  test('a long text is cut between two characters, never inside one', () => {
    expect(shownText('🔑'.repeat(80))).toBe('🔑'.repeat(80));
    expect(shownText('🔑'.repeat(81))).toBe(`${'🔑'.repeat(79)}…`);
    expect(shownText('abcdef', 4)).toBe('abc…');
  });
});

test('a time is shown to the minute, in UTC', () => {
  expect(shownTime(Date.parse('2026-11-28T17:06:59.999Z'))).toBe('2026-11-28 17:06 UTC');
  expect(shownTime('1497341531000')).toBe('2017-06-13 08:12 UTC');
});

test.each([undefined, '', 'today', Number.NaN, 1e20])('%p is no time, so a dash stands for it', (atMs) => {
  expect(shownTime(atMs)).toBe(NOTHING);
});

test('e-mail addresses are replaced anywhere in a value, and nothing else is', () => {
  const value = {
    texts: [
      'write to ann.lee@example.com, or <bob@example.org>',
      'bob＠example.com',
      'who @ann',
      'bot:acme:ann@example.com',
    ],
    total: 3,
    none: null,
    missing: undefined,
  };
  expect(withoutEmailAddresses(value)).toEqual({
    texts: ['write to …@…, or <…@…>', '…@…', 'who @ann', 'bot:acme:…@…'],
    total: 3,
    none: null,
    missing: undefined,
  });
});
