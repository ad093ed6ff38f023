/** What the pages of error codes say, compared with what the service says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ERRORS } from '../../lib/errors.ts';
import { ERROR_TEXTS } from '../../openapi/error-texts.ts';
import { REPLY_FIELD_TEXTS } from '../../openapi/page/reply-field-texts.ts';
import { START_SECTIONS } from '../../openapi/page/start.ts';
import { REPEAT, WORDS } from '../../openapi/page/words.ts';

const sources = ['lib', 'functions', 'local']
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

const cases = Object.entries(ERROR_TEXTS).flatMap(([code, { cases }]) => cases.map((each) => ({ code, ...each })));

test('every code of the table has at least one cause with a cure', () => {
  for (const code of Object.keys(ERRORS)) {
    expect(ERROR_TEXTS[code as keyof typeof ERRORS].cases.length).toBeGreaterThan(0);
  }
});

test.each(cases.filter(({ says }) => says !== undefined).map(({ code, says = '' }) => [code, says]))(
  '%s: the quoted text of the reply is in the code: %s',
  (_, says) => {
    for (const part of says.split('…')) expect(sources).toContain(part.trim());
  },
);

describe('texts in two languages', () => {
  const texts = [
    ...Object.values(ERROR_TEXTS).flatMap(({ meaning, cases }) => [
      meaning,
      ...cases.flatMap(({ cause, cure }) => [cause, cure]),
    ]),
    ...Object.values(REPEAT),
    ...Object.values(REPLY_FIELD_TEXTS),
    ...START_SECTIONS.flatMap(({ title, parts }) => [title, ...parts.filter((part) => 'en' in part)]),
  ];
  /** Words that are the same in both languages, and the name of the other language. */
  const same: readonly string[] = ['ID。', 'Token API', 'English'];

  test('the Chinese text is in Chinese, and the English one is not', () => {
    const isChinese = (text: string) => /\p{Script=Han}/u.test(text);
    const words = Object.values(WORDS).filter((word) => word !== WORDS.otherLanguage);
    for (const { en, zh } of [...texts, ...words]) {
      expect({ en, isChinese: isChinese(en) }).toEqual({ en, isChinese: false });
      const isCodeOnly = zh.replaceAll(/`[^`]+`/g, '').match(/[A-Za-z]{2,}/) === null;
      if (!same.includes(zh) && !isCodeOnly) expect({ zh, isChinese: isChinese(zh) }).toEqual({ zh, isChinese: true });
    }
  });

  test('both languages name the same codes, fields, settings and commands', () => {
    const codes = (text: string) => [...new Set(text.match(/`[^`]+`/g))].sort();
    const localized = /<|\/docs/;
    for (const { en, zh } of texts) {
      expect(codes(zh).filter((code) => !localized.test(code))).toEqual(
        codes(en).filter((code) => !localized.test(code)),
      );
    }
  });
});
