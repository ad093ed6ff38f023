/**
 * The words of refusals.
 * Also tests: lib/chat/view.ts.
 */
import { expect, test } from '@jest/globals';
import { REFUSALS } from '../../../lib/chat/wording/refusals.ts';

const textsOf = (locale: 'en' | 'zh') => {
  const { unmapped, whoamiUnmapped, notAllowed, ...fixed } = REFUSALS[locale];
  return JSON.stringify([unmapped('COMMAND'), whoamiUnmapped('COMMAND'), notAllowed('ACTION', ['PERMISSION']), fixed]);
};

test('every refusal is there in both languages, with what it is about', () => {
  expect(Object.keys(REFUSALS.zh)).toEqual(Object.keys(REFUSALS.en));
  for (const locale of ['en', 'zh'] as const) {
    expect(new Set(textsOf(locale).match(/COMMAND|ACTION|PERMISSION/g)).size).toBe(3);
  }
  expect(textsOf('zh')).toMatch(/\p{Script=Han}/u);
  expect(textsOf('en')).not.toMatch(/\p{Script=Han}/u);
});
