/** `test/support/chat/feishu-card-rules.ts` has Feishu's own rules for cards, and refuses unknown properties. */
import { expect, test } from '@jest/globals';
import { type Card, fitsToast, lineOf, renderCard, renderToast } from '../../../../lib/chat/platforms/feishu/card.ts';
import type { Row, View } from '../../../../lib/chat/view.ts';
import { type ShownCard, textOf } from '../../../support/chat/fake-feishu.ts';
import { cardProblem } from '../../../support/chat/feishu-card-rules.ts';
import { previewOf, REQUEST_ID, viewOf } from '../../../support/chat/feishu-source.ts';

const shown = (card: Card) => textOf(card as unknown as ShownCard);

function cardOf(changes: Partial<View>, scope = {}): Card {
  const card = renderCard(previewOf(changes), scope);
  expect(cardProblem(card)).toBeUndefined();
  return card;
}

const rowOf = (index: number, detail = 'decrypt'): Row => ({
  title: `Grant ${index} of ann`,
  details: [detail, '2026-11-28 17:06 UTC'],
  id: String(index).padStart(64, '0'),
});
const rowsOf = (count: number, detail?: string) => Array.from({ length: count }, (_, index) => rowOf(index, detail));

const shownRows = (card: Card) => shown(card).match(/^Grant \d+ of /gm)?.length ?? 0;

test('a card shows title, sentences, facts, rows, how many more there are, and the buttons', () => {
  const card = cardOf({
    sentences: ['Look before you go on.'],
    facts: [{ name: 'Key', value: 'orders' }],
    rows: [{ title: 'ann', details: ['decrypt, encrypt'], id: '0198a' }],
    moreRows: 7,
  });
  expect(shown(card)).toBe(
    [
      '(orange) Revoke 1 grant?',
      'Look before you go on.',
      'Key: orders',
      '---',
      'ann',
      'decrypt, encrypt',
      '0198a',
      '… +7',
      '[Revoke]',
    ].join('\n'),
  );
});

test.each([
  ['neutral', 'blue', 'info'],
  ['good', 'green', 'success'],
  ['warning', 'orange', 'warning'],
  ['bad', 'red', 'error'],
] as const)('the tone %s is shown as %s, in a toast as %s', (tone, template, toast) => {
  expect(cardOf({ tone }).header.template).toBe(template);
  expect(renderToast(viewOf({ tone })).type).toBe(toast);
});

test('a card cannot be forwarded, and a button brings back only the button, the request and the scope', () => {
  const card = cardOf({}, { direct: true });
  expect(card.config).toMatchObject({ enable_forward: false, enable_forward_interaction: false, update_multi: true });
  const button = card.body.elements.find(({ tag }) => tag === 'button');
  const value = { button: 'confirm', request: REQUEST_ID, direct: true };
  expect(button).toMatchObject({ behaviors: [{ type: 'callback', value }] });
});

const FOREIGN = [
  '<at id=all></at>',
  '<at user_id="all">Everyone</at>',
  "<a href='https://evil.example'>x</a>",
  '[click](https://evil.example)',
  '**bold** ~~x~~ `code` <font color=red>x</font>',
  '"},{"tag":"markdown","content":"x"}',
];

test.each(FOREIGN)('%s in a name or reason is shown as typed, and all texts are plain', (text) => {
  const card = cardOf({
    title: text,
    sentences: [text],
    facts: [{ name: text, value: text }],
    rows: [{ title: text, details: [text] }],
    buttons: [{ name: 'confirm', label: text, style: 'default', requestId: REQUEST_ID }],
  });
  const tags = JSON.stringify(card).match(/"tag":"\w+"/g) ?? [];
  expect(new Set(tags)).toEqual(new Set(['plain_text', 'div', 'hr', 'button'].map((tag) => `"tag":"${tag}"`)));
  expect(shown(card).split(text)).toHaveLength(8);
});

test('line ends, control and direction characters do not forge a line, and an empty text is shown as a dash', () => {
  expect(lineOf('ann\nApproved by: bob')).toBe('ann Approved by: bob');
  expect(lineOf('a\u2028b\u202ec\u0007d\u200be')).toBe('a bc?de');
  expect(lineOf(' \u200b ')).toBe('–');
  expect(shown(cardOf({ rows: [{ title: '', details: ['x\ny'] }] }))).toContain('\n–\nx y\n');
});

test('a long text is cut between two characters', () => {
  expect(lineOf('🔑'.repeat(10), 4)).toBe('🔑🔑🔑…');
  expect(lineOf('🔑'.repeat(4), 4)).toBe('🔑'.repeat(4));
});

test('with 1,000 grants, the card stays within its limits, says how many are missing, and keeps its buttons', () => {
  for (const detail of ['decrypt', 'x'.repeat(300), '密'.repeat(300), '"'.repeat(300), '🔑'.repeat(300)]) {
    const card = cardOf({ rows: rowsOf(1_000, detail), moreRows: 500 });
    const count = shownRows(card);
    expect(count).toBeGreaterThan(10);
    expect(shown(card)).toContain(`… +${1_500 - count}\n[Revoke]`);
  }
});

test('a card shows as many grants as the 200 elements allow', () => {
  expect(shownRows(cardOf({ rows: rowsOf(20) }))).toBe(20);
  // Two elements each for 97 grants, the line with how many are missing and the button, and one for the title.
  expect(shownRows(cardOf({ rows: rowsOf(1_000) }))).toBe(97);
  expect(shownRows(cardOf({ rows: rowsOf(98) }))).toBe(98);
});

test('the longest texts in every place are within the limits', () => {
  const texts = ['密', '🔑', '"', '\\'].map((character) => character.repeat(3_000));
  for (const text of texts) {
    cardOf({
      title: text,
      sentences: Array.from({ length: 30 }, () => text),
      facts: Array.from({ length: 30 }, () => ({ name: text, value: text })),
      rows: Array.from({ length: 30 }, () => ({ title: text, details: [text, text], id: text })),
      buttons: Array.from({ length: 30 }, () => ({
        name: 'confirm',
        label: text,
        style: 'primary',
        requestId: REQUEST_ID,
      })),
    });
  }
});

test('a toast shows title and sentences in one short line', () => {
  const view = viewOf({ title: 'Refused', sentences: ['Ask an\nadministrator.', 'x'.repeat(300)], tone: 'bad' });
  const toast = renderToast(view);
  expect(toast.content).toMatch(/^Refused Ask an administrator\. x+…$/);
  expect(toast.content).toHaveLength(200);
  expect(fitsToast(view)).toBe(false);
  expect(fitsToast(viewOf({ sentences: ['Short.'] }))).toBe(true);
  expect(fitsToast(previewOf())).toBe(false);
});
