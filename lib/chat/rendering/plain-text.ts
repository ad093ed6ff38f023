/** A view as plain text, for terminals and for bots that show no Markdown. */
import { printable } from '../../util/printable.ts';
import type { Locale } from '../platform.ts';
import type { Button, Row, View } from '../view.ts';
import { moreRowsText } from '../wording/counts.ts';
import { TEXT_CHARACTERS_MAX, withinLimit } from './limit.ts';

const line = (text: string) => printable(text, TEXT_CHARACTERS_MAX);

/** Returns the command to type where there are no buttons. */
export const typedButton = ({ name, requestId }: Button) => `${name} ${requestId}`;

/** @param charactersMax rows beyond it are counted instead of shown */
export function viewText(view: View, locale: Locale, charactersMax: number): string {
  const names = view.facts.map(({ name }) => line(name));
  const width = Math.max(0, ...names.map((name) => name.length)) + 1;
  const facts = view.facts.map(({ value }, index) => `${`${names[index]}:`.padEnd(width)} ${line(value)}`);
  const head = [line(view.title), ...view.sentences.map(line), ...facts];
  const { rows, moreRows } = withinLimit(view, head.join('\n'), rowText, charactersMax);
  return [...head, ...rows, ...(moreRows > 0 ? [line(moreRowsText(moreRows, locale))] : [])].join('\n');
}

function rowText({ title, details, id }: Row): string {
  const below = [details.map(line).join(' · '), id ?? ''].filter((text) => text !== '');
  return [`- ${line(title)}`, ...below.map((text) => `  ${text}`)].join('\n');
}
