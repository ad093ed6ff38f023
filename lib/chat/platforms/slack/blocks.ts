/**
 * Renders a view as Block Kit. What other people wrote goes only into `plain_text` and `rich_text`, where Slack reads
 * no mark-up, mentions or links. Source: Slack, "Block Kit", the limits of each block and element.
 */
import type { KnownBlock, PlainTextElement, RichTextElement } from '@slack/types';
import { printable } from '../../../util/printable.ts';
import { NOTHING } from '../../text.ts';
import type { Button, Fact, Row, Tone, View } from '../../view.ts';

/** Code units, the strictest way in which Slack may count. */
const HEADER_MAX = 150;
const FIELDS_MAX = 10;
const BUTTON_LABEL_MAX = 75;
const BUTTONS_MAX = 25;

/**
 * Of all blocks as JSON. Slack documents no limit for the sum; reports say that messages of 15,561 characters are
 * accepted, and longer ones refused as `msg_blocks_too_long`. Source: github.com/slackapi/bolt-js, issue 2867.
 */
const MESSAGE_MAX = 14_000;

/** Ours, so that one long text does not take the room of the others. */
const SENTENCES_MAX = 40;
const SENTENCE_MAX = 500;
/** A section takes 3,000 characters. */
const SENTENCES_IN_SECTION = 4;
const FACTS_MAX = 20;
const FACT_NAME_MAX = 100;
const FACT_VALUE_MAX = 300;
const ROWS_MAX = 20;
const ROW_TITLE_MAX = 150;
const DETAIL_MAX = 200;
const DETAILS_MAX = 6;
const ID_MAX = 128;
/** Escaped, it is at most five times as long, and Slack advises 4,000 characters. */
const NOTIFICATION_MAX = 750;

const MARKS: Readonly<Record<Tone, string>> = { neutral: '', good: '✅ ', warning: '⚠️ ', bad: '⛔ ' };

export interface Rendered {
  /** What notifications and screen readers get; Slack reads mark-up in it, so it is escaped. */
  text: string;
  blocks: KnownBlock[];
}

/** @param nonce makes the ids of the blocks differ from those of the message that this one replaces */
export function render(view: View, nonce: string): Rendered {
  const header: KnownBlock = { type: 'header', text: plain(titleOf(view), HEADER_MAX) };
  const buttons = buttonsBlock(view.buttons.slice(0, BUTTONS_MAX));
  const room = MESSAGE_MAX - lengthOf(header, ...missingBlock(0, true), ...buttons);
  const texts = [...sentenceBlocks(view.sentences), ...factBlocks(view.facts)];
  const rows = view.rows.slice(0, ROWS_MAX).map(rowBlock);
  const content = withinRoom([...texts, ...rows], room);
  const missingRows = view.moreRows + view.rows.length - Math.max(0, content.length - texts.length);
  const blocks = [header, ...content, ...missingBlock(missingRows, content.length < texts.length), ...buttons];
  return {
    text: notificationOf(view),
    blocks: blocks.map((block, index) => ({ ...block, block_id: `${nonce}-${index}` })),
  };
}

/** With room for the id of each block. */
const lengthOf = (...blocks: readonly KnownBlock[]) => JSON.stringify(blocks).length + blocks.length * 50;

function withinRoom(blocks: readonly KnownBlock[], room: number): KnownBlock[] {
  let length = 0;
  return blocks.filter((block) => {
    length += lengthOf(block);
    return length < room;
  });
}

/** The title alone, in place of a card whose content is now elsewhere. */
export function renderTitle(view: View, nonce: string): Rendered {
  const block: KnownBlock = { type: 'context', elements: [plain(titleOf(view), HEADER_MAX)], block_id: `${nonce}-0` };
  return { text: escaped(cut(titleOf(view), HEADER_MAX)), blocks: [block] };
}

const titleOf = ({ title, tone }: View) => MARKS[tone] + title;

function notificationOf(view: View): string {
  return escaped(cut([titleOf(view), ...view.sentences].join(' '), NOTIFICATION_MAX));
}

/** Source: Slack, "Formatting message text", "Escaping text": exactly these three. */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function sentenceBlocks(sentences: readonly string[]): KnownBlock[] {
  const texts = sentences
    .slice(0, SENTENCES_MAX)
    .map((sentence) => cut(sentence, SENTENCE_MAX))
    .filter((text) => text !== '');
  return partsOf(texts, SENTENCES_IN_SECTION).map((part) => ({ type: 'section', text: plainLines(lines(part)) }));
}

function factBlocks(facts: readonly Fact[]): KnownBlock[] {
  const fields = facts
    .slice(0, FACTS_MAX)
    .map(({ name, value }) =>
      plainLines(`${cut(name, FACT_NAME_MAX) || NOTHING}\n${cut(value, FACT_VALUE_MAX) || NOTHING}`),
    );
  return partsOf(fields, FIELDS_MAX).map((part) => ({ type: 'section', fields: part }));
}

function partsOf<T>(items: readonly T[], size: number): T[][] {
  const starts = items.map((_, index) => index).filter((index) => index % size === 0);
  return starts.map((start) => items.slice(start, start + size));
}

function rowBlock({ title, details, id }: Row): KnownBlock {
  const detail = lines(details.slice(0, DETAILS_MAX).map((line) => cut(line, DETAIL_MAX)));
  const elements: RichTextElement[] = [
    { type: 'text', text: cut(title, ROW_TITLE_MAX) || NOTHING, style: { bold: true } },
  ];
  if (detail) elements.push({ type: 'text', text: `\n${detail}` });
  if (id) elements.push({ type: 'text', text: '\n' }, { type: 'text', text: cut(id, ID_MAX), style: { code: true } });
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] };
}

/** @param isTextMissing whether a sentence or a fact does not fit */
function missingBlock(rows: number, isTextMissing: boolean): KnownBlock[] {
  if (rows <= 0 && !isTextMissing) return [];
  return [{ type: 'context', elements: [plainLines(rows > 0 ? `… +${rows}` : '…')] }];
}

function buttonsBlock(buttons: readonly Button[]): KnownBlock[] {
  if (buttons.length === 0) return [];
  const elements = buttons.map(({ name, label, style, requestId }, index) => ({
    type: 'button' as const,
    text: plain(label, BUTTON_LABEL_MAX),
    action_id: `${name}-${index}`,
    value: requestId,
    ...(style !== 'default' && { style }),
  }));
  return [{ type: 'actions', elements }];
}

/** Slack refuses a message with an empty text. */
const plain = (text: string, max: number) => plainLines(cut(text, max) || NOTHING);

const plainLines = (text: string): PlainTextElement => ({ type: 'plain_text', text, emoji: false });

const lines = (texts: readonly string[]) => texts.filter((text) => text !== '').join('\n');

/** Returns the text as one line without control characters, cut between characters. */
function cut(text: string, max: number): string {
  // Whatever is behind these is cut anyway, unless most of them are invisible.
  const line = printable(text.slice(0, 4 * max), max + 1);
  if (line.length <= max && text.length <= 4 * max) return line;
  const short = line.slice(0, max - 1);
  return `${short.isWellFormed() ? short : short.slice(0, -1)}…`;
}
