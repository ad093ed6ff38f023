import { okBody } from './create.ts';
import type { ApiResponse } from './service.ts';

// biome-ignore lint/suspicious/noExplicitAny: pages of every list
type Page = any;

/**
 * All pages of a list, from the first to the one that says it is the last, passing each `next_marker` back.
 * @param between what happens after each page that is not the last
 */
export async function readAllPages(
  ask: (body: object) => Promise<ApiResponse>,
  between: (page: Page) => Promise<void> = async () => {},
): Promise<Page[]> {
  const pages: Page[] = [];
  let marker = '';
  do {
    const page = okBody(await ask({ marker }));
    pages.push(page);
    marker = page.next_marker;
    if ((marker === '') !== (page.truncated === 'false')) throw new Error('truncated and next_marker disagree');
    if (marker !== '') await between(page);
  } while (marker !== '');
  return pages;
}
