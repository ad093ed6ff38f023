/** Also tests: lib/chat/rendering/limit.ts, lib/chat/rendering/plain-text.ts. */
import { describe, expect, test } from '@jest/globals';
import { escapeMarkdown, viewMarkdown } from '../../../lib/chat/rendering/markdown.ts';
import { viewText } from '../../../lib/chat/rendering/plain-text.ts';
import { HOSTILE_TEXTS, viewOf } from '../../support/chat/views.ts';

describe('text that others wrote', () => {
  test.each([
    ['@all approve this', '`@all` approve this'],
    ['<!channel> look', '`<!channel>` look'],
    ['[Approve](https://evil.example/x)', '`[Approve](https://evil.example/x`)'],
    ['see https://evil.example/x.', 'see `https://evil.example/x`.'],
    ['www.evil.example', '`www.evil.example`'],
    ['evil.example/x', '`evil.example/x`'],
    ['**bold** _it_', '`**bold**` `_it_`'],
    ['`code` ``x', "`'code'` `''x`"],
    [':white_check_mark: done', '`:white_check_mark`: done'],
    ['# Approved', '`#` Approved'],
    ['> quoted', '`>` quoted'],
    ['- listed', '`-` listed'],
    ['1. listed', '`1`. listed'],
    ['&lt;b&gt;', '`&lt;b&gt`;'],
    ['\\', '`\\`'],
    ['a\n\n# Revoked\u202e\u0000', 'a `#` Revoked?'],
  ])('%j is shown as %j', (text, shown) => {
    expect(escapeMarkdown(text)).toBe(shown);
  });

  test.each(HOSTILE_TEXTS)('%j has no character of mark-up outside of code', (text) => {
    const outside = escapeMarkdown(text).replaceAll(/`[^`]*`/g, '');
    expect(outside).not.toMatch(/[`*_[\]{}<>#~@$|\\]|:\/\/|www\.|\.\w+\/|:\w+:|^(?:[-+>]|\d+\.)\s/);
  });

  test.each(['Revoked 3 grants.', "It's done (2 of 3): 100%", '已撤销 3 个授权。', 'orders - 2026-11-28 12:30:05 UTC'])(
    '%j needs no code',
    (text) => {
      expect(escapeMarkdown(text)).toBe(text);
    },
  );

  test('an identity and a command can be copied from it unchanged', () => {
    expect(escapeMarkdown('map "mattermost:team1:user_1" --source chat')).toBe(
      'map "`mattermost:team1:user_1`" --source chat',
    );
    const command = 'npm run admin -- map --identity mattermost:team1:user1 --principal <your user id>';
    expect(escapeMarkdown(command)).toBe(`\`${command}\``);
  });
});

const view = viewOf({
  title: 'Grants of orders',
  sentences: ['Two grants.'],
  facts: [
    { name: 'Key', value: 'orders_key' },
    { name: 'Project', value: 'demo' },
  ],
  rows: [
    { title: 'orders-service', details: ['encrypt-data', 'for ann'], id: 'aa01' },
    { title: '*', details: [] },
  ],
  moreRows: 3,
});

test('a view as Markdown', () => {
  expect(viewMarkdown(view, 'en', 4000)).toBe(
    [
      '**Grants of orders**',
      'Two grants.',
      '- Key: `orders_key`\n- Project: demo',
      '- orders-service · encrypt-data · for ann · `aa01`\n- `*`',
      'and 3 more',
    ].join('\n\n'),
  );
});

test('a view as plain text, in which no value can add a line', () => {
  const forged = { ...view, facts: [...view.facts, { name: 'Reason', value: 'x\nRevoked 3 grants' }] };
  expect(viewText(forged, 'zh', 4000)).toBe(
    [
      'Grants of orders',
      'Two grants.',
      'Key:     orders_key',
      'Project: demo',
      'Reason:  x Revoked 3 grants',
      '- orders-service',
      '  encrypt-data · for ann',
      '  aa01',
      '- *',
      '另有 3 项未显示',
    ].join('\n'),
  );
});

test.each([
  ['Markdown', viewMarkdown],
  ['plain text', viewText],
])('of 1,000 rows as %s, those that fit are shown, and the others are counted', (_, render) => {
  const rows = Array.from({ length: 1000 }, (_, index) => ({
    title: `grant-${index}`,
    details: [],
    id: 'a'.repeat(64),
  }));
  const text = render(viewOf({ rows, moreRows: 5 }), 'en', 4000);
  const shown = text.match(/grant-/g)?.length ?? 0;
  expect(text.length).toBeLessThanOrEqual(4000);
  expect(shown).toBeGreaterThan(30);
  expect(text).toContain(`and ${1005 - shown} more`);
});
