import { okBody } from './create.ts';
import type { ApiResponse } from './service.ts';

// biome-ignore lint/suspicious/noExplicitAny: pages of every list
type Page = any;

/**
 * Reads a list from the first page to the last, passing each `next_marker` back.
 * @param list requests one page
 * @param betweenPages runs after each page that is not the last
 */
export async function readAllPages(
  list: (body: object) => Promise<ApiResponse>,
  betweenPages: (page: Page) => Promise<void> = async () => {},
): Promise<Page[]> {
  const pages: Page[] = [];
  let marker = '';
  do {
    const page = okBody(await list({ marker }));
    pages.push(page);
    marker = page.next_marker;
    if ((marker === '') !== (page.truncated === 'false')) throw new Error('truncated and next_marker disagree');
    if (marker !== '') await betweenPages(page);
  } while (marker !== '');
  return pages;
}
