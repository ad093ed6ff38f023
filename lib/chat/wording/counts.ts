/** Counts in texts, for all texts of chat. */
import type { Locale } from '../platform.ts';

/** In English. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Stands below rows. @param count how many more there are */
export const moreRowsText = (count: number, locale: Locale): string =>
  locale === 'zh' ? `另有 ${count} 项未显示` : `and ${count} more`;
