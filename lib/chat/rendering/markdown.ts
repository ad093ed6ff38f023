/**
 * A view as Markdown, for Mattermost and for bots that show Markdown.
 * Source: CommonMark 0.31, "Code spans"; mattermost/marked, lib/marked.js (what Mattermost turns into links).
 */
import { printable } from '../../util/printable.ts';
import type { Locale } from '../platform.ts';
import type { Row, View } from '../view.ts';
import { moreRowsText } from '../wording/counts.ts';
import { TEXT_CHARACTERS_MAX, withinLimit } from './limit.ts';

/** Letters, digits and punctuation that mean nothing in Markdown. */
const PLAIN = /^[\p{L}\p{M}\p{N}\p{Pd}.,;:!?'"()%/&+=…·、。，；：！？（）“”‘’「」《》]*$/u;

/** What a platform links, mentions or replaces although no character of it is mark-up. */
const LIVE = [
  /[a-z][\w.+-]*:[/\p{L}\p{N}%]/iu,
  /\bwww\d{0,3}\./i,
  /\.\p{L}{2,}\//u,
  // An emoji such as :100:
  /(?<!\d):[\w+-]+:/,
  // An entity such as &lt;
  /&#?\w+;/,
];

/** The beginning of a line that Markdown reads as a list, a rule or an underline of a heading. */
const LIST_OR_RULE = /^(?:\d+[.)]|[-+=–—]+)$/u;

/** The punctuation around a word, which stays outside of its code span. */
const WORD = /^(["'(“‘「《（]*)(.*?)(["')”’」》）.,;:!?。，；：！？]*)$/u;

/** What an administrator is asked to run. */
const COMMAND_TO_COPY = /^npm run /;

/**
 * Returns plain text as Markdown that shows it. A word that could be mark-up, a mention or a link is shown as code, in
 * which Markdown has no effect and from which it can be copied unchanged; a backtick becomes an apostrophe.
 */
export function escapeMarkdown(text: string): string {
  const line = printable(text, TEXT_CHARACTERS_MAX);
  if (COMMAND_TO_COPY.test(line)) return codeSpan(line);
  return line
    .split(/\s+/u)
    .map((word, index) => escapeWord(word, index === 0))
    .join(' ');
}

function escapeWord(word: string, isFirst: boolean): string {
  const isHarmless = PLAIN.test(word) && !LIVE.some((pattern) => pattern.test(word));
  if (isHarmless && !(isFirst && LIST_OR_RULE.test(word))) return word;
  const [, before = '', core = '', after = ''] = WORD.exec(word) ?? [];
  const code = core === '' ? word : core;
  return core === '' ? codeSpan(code) : `${before}${codeSpan(code)}${after}`;
}

const codeSpan = (text: string) => `\`${text.replaceAll('`', "'")}\``;

/** @param charactersMax the most that the platform accepts; rows beyond it are counted instead of shown */
export function viewMarkdown(view: View, locale: Locale, charactersMax: number): string {
  const head = [
    `**${escapeMarkdown(view.title)}**`,
    ...view.sentences.map(escapeMarkdown),
    view.facts.map(({ name, value }) => `- ${escapeMarkdown(name)}: ${escapeMarkdown(value)}`).join('\n'),
  ].filter((part) => part !== '');
  const { rows, moreRows } = withinLimit(view, head.join('\n\n'), rowMarkdown, charactersMax);
  const more = moreRows > 0 ? [escapeMarkdown(moreRowsText(moreRows, locale))] : [];
  return [...head, ...(rows.length > 0 ? [rows.join('\n')] : []), ...more].join('\n\n');
}

function rowMarkdown({ title, details, id }: Row): string {
  const parts = [title, ...details].filter((part) => part !== '').map(escapeMarkdown);
  return `- ${[...parts, ...(id === undefined ? [] : [codeSpan(id)])].join(' · ')}`;
}
