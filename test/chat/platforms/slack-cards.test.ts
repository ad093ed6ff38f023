/**
 * Cards as Slack takes them: within its limits, and with nothing that others wrote as mark-up.
 * Also tests: lib/chat/view.ts.
 */
import { describe, expect, test } from '@jest/globals';
import type { KnownBlock } from '@slack/types';
import { render, renderTitle } from '../../../lib/chat/platforms/slack/blocks.ts';
import { BUTTONS, type View } from '../../../lib/chat/view.ts';
import { randomFrom } from '../../signing/random.ts';
import { problemOfBlocks } from '../../support/chat/block-limits.ts';
import { view } from './slack-fixture.ts';

const GRANT_ID = '019ab3c5d2f10001'.padEnd(64, 'f');

test('a card shows title, sentences, facts, rows and buttons, in the blocks that Slack documents', () => {
  const card = view({
    title: 'Revoke 2 grants?',
    tone: 'warning',
    sentences: ['They are used now.', 'This cannot be undone.'],
    facts: [{ name: 'Key', value: 'orders' }],
    rows: [{ title: 'backup', details: ['decrypt', 'since 2026-11-01'], id: GRANT_ID }],
    moreRows: 1,
    buttons: [
      { name: 'confirm', label: 'Revoke', style: 'danger', requestId: 'ab12' },
      { name: 'cancel', label: 'Cancel', style: 'default', requestId: 'ab12' },
    ],
  });
  const expected = [
    { type: 'header', text: { type: 'plain_text', text: '⚠️ Revoke 2 grants?', emoji: false }, block_id: 'n-0' },
    {
      type: 'section',
      text: { type: 'plain_text', text: 'They are used now.\nThis cannot be undone.', emoji: false },
      block_id: 'n-1',
    },
    { type: 'section', fields: [{ type: 'plain_text', text: 'Key\norders', emoji: false }], block_id: 'n-2' },
    {
      type: 'rich_text',
      elements: [
        {
          type: 'rich_text_section',
          elements: [
            { type: 'text', text: 'backup', style: { bold: true } },
            { type: 'text', text: '\ndecrypt\nsince 2026-11-01' },
            { type: 'text', text: '\n' },
            { type: 'text', text: GRANT_ID, style: { code: true } },
          ],
        },
      ],
      block_id: 'n-3',
    },
    { type: 'context', elements: [{ type: 'plain_text', text: '… +1', emoji: false }], block_id: 'n-4' },
    {
      type: 'actions',
      elements: [
        {
          type: 'button',
          text: { type: 'plain_text', text: 'Revoke', emoji: false },
          action_id: 'confirm-0',
          value: 'ab12',
          style: 'danger',
        },
        {
          type: 'button',
          text: { type: 'plain_text', text: 'Cancel', emoji: false },
          action_id: 'cancel-1',
          value: 'ab12',
        },
      ],
      block_id: 'n-5',
    },
  ] satisfies KnownBlock[];
  expect(render(card, 'n')).toEqual({
    text: '⚠️ Revoke 2 grants? They are used now. This cannot be undone.',
    blocks: expected,
  });
});

test('the title alone is one line without buttons', () => {
  const { text, blocks } = renderTitle(view({ title: 'Revoked <3>', tone: 'good' }), 'n');
  expect(text).toBe('✅ Revoked &lt;3&gt;');
  expect(blocks).toEqual([
    { type: 'context', elements: [{ type: 'plain_text', text: '✅ Revoked <3>', emoji: false }], block_id: 'n-0' },
  ] satisfies KnownBlock[]);
});

const filled = (text: string, count: number): View => ({
  ...view({ title: text, tone: 'bad', sentences: Array.from({ length: count }, () => text) }),
  facts: Array.from({ length: count }, () => ({ name: text, value: text })),
  rows: Array.from({ length: count }, () => ({ title: text, details: [text, text, text], id: GRANT_ID })),
  moreRows: 5,
  buttons: BUTTONS.map((name) => ({ name, label: text, style: 'primary' as const, requestId: 'ab12' })),
});

describe("Slack's limits", () => {
  // 15,561: the longest blocks that Slack was seen to accept. Source: github.com/slackapi/bolt-js, issue 2867.
  test.each([
    ['no text', '', 30],
    ['only control characters', '\u0000\u0007\u202e\u200b', 3],
    ['a character', 'a', 1_000],
    ['10,000 characters', 'a'.repeat(10_000), 1_000],
    ['10,000 characters of two code units', '🔑'.repeat(10_000), 1_000],
    ['an odd number of code units before those', `a${'🔑'.repeat(10_000)}`, 1_000],
    ['10,000 characters that are escaped', '&'.repeat(10_000), 1_000],
    ['half a character', 'a\ud83d', 3],
  ])('a view with %s is within them', (_, text, count) => {
    const { text: notification, blocks } = render(filled(text, count), 'n');
    expect(problemOfBlocks(blocks)).toBeUndefined();
    expect(notification.length).toBeGreaterThan(0);
    expect(notification.length).toBeLessThanOrEqual(4_000);
    expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(15_561);
  });

  test('random views are within them', () => {
    const { below, text } = randomFrom(2_100);
    const chars = [...'<>&@!#|`*_~ \n\u0000\u202eé密🔑aZ0', '&amp;', '<@U1>', '\ud83d'];
    for (let round = 0; round < 100; round += 1) {
      const { blocks } = render(filled(text(chars, below(1_000)), below(60)), 'n');
      expect(problemOfBlocks(blocks)).toBeUndefined();
      expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(15_561);
    }
  });

  test('rows that do not fit are counted', () => {
    const { blocks } = render({ ...view({ moreRows: 5 }), rows: filled('a', 1_000).rows }, 'n');
    expect(blocks.filter(({ type }) => type === 'rich_text')).toHaveLength(20);
    expect(JSON.stringify(blocks.at(-1))).toContain('… +985');
    const long = render({ ...view({ moreRows: 5 }), rows: filled('a'.repeat(1_000), 20).rows }, 'n').blocks;
    const shown = long.filter(({ type }) => type === 'rich_text').length;
    expect(shown).toBeGreaterThan(5);
    expect(JSON.stringify(long.at(-1))).toContain(`… +${25 - shown}`);
  });

  test('the buttons stay when sentences do not fit, and a sign tells that some are missing', () => {
    const { blocks } = render({ ...filled('a'.repeat(1_000), 40), rows: [], moreRows: 0 }, 'n');
    expect(blocks.slice(-2)).toMatchObject([
      { type: 'context', elements: [{ text: '…' }] },
      { type: 'actions', elements: BUTTONS.map((name, index) => ({ action_id: `${name}-${index}` })) },
    ]);
  });

  test('each block of a card has an id of its own, and rendering the card again gives all blocks new ids', () => {
    const idsOf = (nonce: string) => render(filled('a', 5), nonce).blocks.map(({ block_id }) => block_id);
    expect(new Set([...idsOf('one'), ...idsOf('two')]).size).toBe(2 * idsOf('one').length);
  });

  test('this check of them refuses what Slack refuses', () => {
    const plain = (text: string) => ({ type: 'plain_text', text });
    const many = (count: number) => Array.from({ length: count }, () => ({ type: 'header', text: plain('a') }));
    for (const [blocks, problem] of [
      [[], 'blocks must have 1 to 50'],
      [many(51), 'blocks must have 1 to 50'],
      [[{ type: 'header', text: plain('') }], 'text must be 1 to 150 long'],
      [[{ type: 'header', text: plain('a'.repeat(151)) }], 'text must be 1 to 150 long'],
      [[{ type: 'header', text: { type: 'mrkdwn', text: 'a' } }], 'unexpected type mrkdwn'],
      [[{ type: 'header', text: plain('a'), disabled: true }], 'unknown property disabled of header'],
      [[{ type: 'section' }], 'a section without text and fields'],
      [[{ type: 'table' }], 'unexpected type table'],
      [many(2).map((block) => ({ ...block, block_id: 'a' })), 'block_id is not unique'],
    ] as const) {
      expect([blocks, problemOfBlocks(blocks)]).toEqual([blocks, problem]);
    }
  });
});

const MARK_UP = '<!channel> <@U1> <https://example.com|safe> *b* _i_ ~s~ `c` &amp; :tada:\n> quoted\r\u2028\u202eevil';

test('names and reasons that other people wrote are shown as plain text on one line, and no character is replaced', () => {
  const { blocks } = render(filled(MARK_UP, 2), 'n');
  expect(JSON.stringify(blocks)).not.toContain('mrkdwn');
  const line = '<!channel> <@U1> <https://example.com|safe> *b* _i_ ~s~ `c` &amp; :tada: > quoted evil';
  const texts = JSON.stringify(blocks).match(/"text":"(?:[^"\\]|\\.)*"/g) ?? [];
  expect(texts).toContain(`"text":"⛔ ${line}"`);
  expect(texts).toContain(`"text":"${line}"`);
  expect(JSON.stringify(blocks)).not.toMatch(/\u202e|\u2028|\\r/);
});

test('in the text for notifications, where Slack reads mark-up, the three characters are escaped once', () => {
  const { text } = render(view({ title: MARK_UP }), 'n');
  expect(text).toBe(
    '&lt;!channel&gt; &lt;@U1&gt; &lt;https://example.com|safe&gt; *b* _i_ ~s~ `c` &amp;amp; :tada: &gt; quoted evil',
  );
  expect(text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
});

test('a text that is too long is cut before it is escaped, with a sign that something is missing', () => {
  const { text } = render(view({ title: '&'.repeat(10_000) }), 'n');
  expect(text).toBe(`${'&amp;'.repeat(749)}…`);
});
