/** The addresses of the pages, and what a page needs to link to others. */
import { ERRORS, type ErrorCode } from '../../lib/errors.ts';
import type { Language, Text } from './language.ts';
import { blocks, inline, type LinkOf } from './markdown.ts';

const ROOTS: Readonly<Record<Language, string>> = { en: '/docs', zh: '/docs/zh' };

/** Rows of the table that share a page: one code, or one status of the token API. */
export interface ErrorPage {
  /** The last segment of the address. */
  name: string;
  /** What a client sees. */
  label: string;
  codes: readonly ErrorCode[];
}

export const ERROR_PAGES: readonly ErrorPage[] = [
  ...Map.groupBy(Object.keys(ERRORS) as ErrorCode[], (code) => code.replace(/:.*/, '')),
].map(([name, codes]) => ({ name, codes, label: labelOf(codes[0] as ErrorCode) }));

/** The errors of the token API have no code that is sent, so their status and title stand for it. */
function labelOf(code: ErrorCode): string {
  const row: { status: number; title?: string } = ERRORS[code];
  return row.title ? `${row.status} ${row.title}` : code.replace(/:.*/, '');
}

export function errorPageOf(code: string): ErrorPage | undefined {
  return ERROR_PAGES.find(({ name, codes }) => name === code || codes.some((known) => known === code));
}

/** @param page such as `/errors` or `/errors/KMS.0306`; empty for the first page */
export const addressOf = (language: Language, page = ''): string => `${ROOTS[language]}${page}`;

export const errorAddress = (language: Language, code: string): string | undefined => {
  const page = errorPageOf(code);
  return page && addressOf(language, `/errors/${page.name}`);
};

export interface Page {
  language: Language;
  /** The text in the language of the page. */
  say: (text: Text) => string;
  inline: (text: Text) => ReturnType<typeof inline>;
  blocks: (text: Text) => ReturnType<typeof blocks>;
}

/** @param own the code of an error page, which does not link to itself */
export function pageIn(language: Language, own?: string): Page {
  const linkOf: LinkOf = (target) => {
    if (target.startsWith('docs:')) return `${ROOTS[language]}${target.slice('docs:'.length)}`;
    if (/^https:\/\/\w/.test(target)) return target;
    return target === own || target.startsWith('Keystone.') ? undefined : errorAddress(language, target);
  };
  const say = (text: Text) => text[language];
  return {
    language,
    say,
    inline: (text) => inline(say(text), linkOf),
    blocks: (text) => blocks(say(text), linkOf),
  };
}
