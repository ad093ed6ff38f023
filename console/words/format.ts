import { LANGUAGE_TAG, type Language } from './words.ts';

/** Numbers and times as the language writes them. English times have the ISO order, which nobody can misread. */
export interface Format {
  number(value: number): string;
  /** Date and time in the local time zone, or another one. */
  dateTime(atMs: number, timeZone?: string): string;
  list(items: readonly string[]): string;
}

export function formatOf(language: Language): Format {
  const tag = LANGUAGE_TAG[language];
  const numbers = new Intl.NumberFormat(tag);
  const conjunction = new Intl.ListFormat(tag, { type: 'conjunction' });
  const clocks = new Map<string | undefined, Intl.DateTimeFormat>();
  const clockOf = (timeZone: string | undefined) => {
    const clock = clocks.get(timeZone) ?? clockFor(language, timeZone);
    clocks.set(timeZone, clock);
    return clock;
  };
  return {
    number: (value) => numbers.format(value),
    dateTime: (atMs, timeZone) => clockOf(timeZone).format(atMs),
    list: (items) => conjunction.format(items),
  };
}

function clockFor(language: Language, timeZone: string | undefined): Intl.DateTimeFormat {
  // Sweden writes 2026-11-29 02:57:09.
  const locale = language === 'zh' ? 'zh-CN' : 'sv-SE';
  return new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZone,
  });
}

/** Whether the local time zone is UTC at that time. */
export const isUtc = (atMs: number): boolean => new Date(atMs).getTimezoneOffset() === 0;
