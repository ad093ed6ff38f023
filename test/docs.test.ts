/** The documentation: its links, and the table of webhook sources. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from '@jest/globals';
import { WEBHOOK_KINDS } from '../lib/webhooks/hooks.ts';

const ROOT = join(import.meta.dirname, '..');

const markdownIn = (folder: string, options: { recursive?: boolean } = {}) =>
  readdirSync(join(ROOT, folder), { ...options, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

const PAGES = [...markdownIn('.'), ...markdownIn('docs', { recursive: true }), ...markdownIn('bench')];

const textOf = (page: string) => readFileSync(join(ROOT, page), 'utf8').replace(/^ *```.*?^ *```$/gms, '');

/** Returns the addresses that GitHub gives to the headings of a page. */
function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(
    headings.map((heading) => {
      const count = seen.get(heading) ?? 0;
      seen.set(heading, count + 1);
      return count === 0 ? heading : `${heading}-${count}`;
    }),
  );
}

const linksOf = (page: string) =>
  [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link));

function isBroken(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : normalize(join(dirname(page), file));
  if (!existsSync(join(ROOT, target))) return true;
  return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor);
}

test('every link in the documentation leads to a page and a heading that exist', () => {
  expect(PAGES).toContain(join('docs', 'webhooks', 'README.md'));
  const broken = PAGES.flatMap((page) =>
    linksOf(page)
      .filter((link) => isBroken(page, link))
      .map((link) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test('the page about webhooks opens with a table that says which kind to use, and names every kind', () => {
  const [title, sentence, table = ''] = textOf(join('docs', 'webhooks', 'README.md')).split('\n\n');
  expect([title, sentence]).toEqual(['# How webhooks work', expect.stringMatching(/^[A-Z][^.]*\.$/)]);
  const [head, , ...rows] = table.split('\n');
  expect(head).toBe('| I have … | use kind | time | needs a mapping? |');
  const kinds = rows.map((row) => /^\| [^|]+ \| \[`([a-z-]+)`\]/.exec(row)?.[1]);
  expect([...new Set(kinds)].sort()).toEqual([...WEBHOOK_KINDS].sort());
});
