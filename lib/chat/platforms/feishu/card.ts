/**
 * Cards, JSON 2.0. Sources: Feishu Open Platform, "Card JSON 2.0 structure", "Plain text", "Button". Every text is a
 * `plain_text`, so that nothing in it becomes a link, a mention or a format.
 */
import { cutLine, NOTHING } from '../../text.ts';
import type { Button, Row, Tone, View } from '../../view.ts';
import type { scopeOf } from './place.ts';

interface PlainText {
  tag: 'plain_text';
  content: string;
}

type Element =
  | { tag: 'div'; text: PlainText }
  | { tag: 'hr' }
  | {
      tag: 'button';
      type: string;
      text: PlainText;
      behaviors: readonly [{ type: 'callback'; value: object }];
    };

export interface Card {
  schema: '2.0';
  config: {
    update_multi: true;
    enable_forward: false;
    enable_forward_interaction: false;
    summary: { content: string };
  };
  header: { title: PlainText; template: string };
  body: { elements: readonly Element[] };
}

/** Source: "Card JSON 2.0 structure": 200 elements, of which a text in another element is one. */
const ELEMENTS_MAX = 200;

/**
 * Source: "Send message": a request with a card has 30 KB at most. There the card is a JSON string, and other fields
 * take some hundred bytes.
 */
const CARD_BYTES_MAX = 29_500;

/**
 * In characters. Feishu limits only the label of a button. The rest keeps a card readable, and everything but its rows
 * below the size above: a character has up to 4 bytes.
 */
const TITLE_MAX = 150;
const LINE_MAX = 250;
const SENTENCE_MAX = 300;
const FACT_NAME_MAX = 60;
const LABEL_MAX = 100;

const SENTENCES_MAX = 6;
const FACTS_MAX = 10;
const BUTTONS_MAX = 4;

const TEMPLATES: Readonly<Record<Tone, string>> = { neutral: 'blue', good: 'green', warning: 'orange', bad: 'red' };
const BUTTON_TYPES: Readonly<Record<Button['style'], string>> = {
  default: 'default',
  primary: 'primary_filled',
  danger: 'danger_filled',
};

/** Returns what somebody may have written as one line, without control and direction characters. */
export function lineOf(text: string, charactersMax = LINE_MAX): string {
  return cutLine(text, charactersMax) || NOTHING;
}

const plain = (content: string): PlainText => ({ tag: 'plain_text', content });
const div = (...lines: readonly string[]): Element => ({ tag: 'div', text: plain(lines.join('\n')) });

/** @param scope what the buttons bring back about the place of the card */
export function renderCard(view: View, scope: ReturnType<typeof scopeOf>): Card {
  const title = lineOf(view.title, TITLE_MAX);
  const before: Element[] = [
    ...view.sentences.slice(0, SENTENCES_MAX).map((sentence) => div(lineOf(sentence, SENTENCE_MAX))),
    ...view.facts.slice(0, FACTS_MAX).map(({ name, value }) => div(`${lineOf(name, FACT_NAME_MAX)}: ${lineOf(value)}`)),
  ];
  if (before.length > 0 && view.rows.length > 0) before.push({ tag: 'hr' });
  const after = view.buttons.slice(0, BUTTONS_MAX).map((button) => buttonElement(button, scope));
  const cardOf = (elements: readonly Element[]): Card => ({
    schema: '2.0',
    config: {
      update_multi: true,
      enable_forward: false,
      enable_forward_interaction: false,
      summary: { content: title },
    },
    header: { title: plain(title), template: TEMPLATES[view.tone] },
    body: { elements },
  });
  const withRows = (count: number) => {
    const moreRows = view.moreRows + view.rows.length - count;
    const rows = view.rows.slice(0, count).map(rowElement);
    return cardOf([...before, ...rows, ...(moreRows > 0 ? [div(`… +${moreRows}`)] : []), ...after]);
  };
  return withRows(largest(Math.min(view.rows.length, ELEMENTS_MAX), (count) => fits(withRows(count))));
}

/** Returns the largest count up to `max` for which `isPossible`, or 0. Every smaller count is possible too. */
function largest(max: number, isPossible: (count: number) => boolean): number {
  let [low, high] = [0, max];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isPossible(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function fits(card: Card): boolean {
  // The texts of the title and of each element but a line are elements too.
  const elements = 1 + card.body.elements.reduce((sum, { tag }) => sum + (tag === 'hr' ? 1 : 2), 0);
  return elements <= ELEMENTS_MAX && Buffer.byteLength(JSON.stringify(JSON.stringify(card))) <= CARD_BYTES_MAX;
}

function rowElement({ title, details, id }: Row): Element {
  return div(lineOf(title), ...details.map((detail) => lineOf(detail)), ...(id === undefined ? [] : [lineOf(id)]));
}

function buttonElement({ name, label, style, requestId }: Button, scope: object): Element {
  return {
    tag: 'button',
    type: BUTTON_TYPES[style],
    text: plain(lineOf(label, LABEL_MAX)),
    behaviors: [{ type: 'callback', value: { button: name, request: requestId, ...scope } }],
  };
}

/** In characters. Feishu documents no limit; a toast is on the screen for a few seconds only. */
const TOAST_MAX = 200;

const TOAST_TYPES: Readonly<Record<Tone, string>> = {
  neutral: 'info',
  good: 'success',
  warning: 'warning',
  bad: 'error',
};

/** A short text that only the person who pressed sees. */
export function renderToast({ title, sentences, tone }: View) {
  return { type: TOAST_TYPES[tone], content: lineOf([title, ...sentences].join(' '), TOAST_MAX) };
}

/** Whether a toast can show all of the view. */
export const fitsToast = ({ title, sentences, facts, rows, buttons }: View): boolean =>
  facts.length + rows.length + buttons.length === 0 && [title, ...sentences].join(' ').length <= TOAST_MAX;
