/** Checks of HTML that need no parser, because the pages write every element with its end tag. */
const VOID: readonly string[] = ['meta', 'link', 'br', 'wbr'];

/** Throws for an element that is not closed in order, and for a character that is not escaped. */
export function assertWellFormed(html: string): void {
  const open: string[] = [];
  const rest = html
    .replace(/^<!doctype html>/, '')
    .replaceAll(/<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"<>]*")*)>/g, visit);
  if (open.length > 0) throw new Error(`not closed: ${open}`);
  const stray = /[<>]|&(?!(?:amp|lt|gt|quot|nbsp|#39);)/.exec(rest);
  if (stray) throw new Error(`not escaped: ${rest.slice(Math.max(0, stray.index - 40), stray.index + 40)}`);

  function visit(_: string, slash: string, name: string): string {
    if (VOID.includes(name)) return '';
    if (slash === '') open.push(name);
    else if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
    return '';
  }
}

export const idsOf = (html: string): string[] => [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id);

/** Links of the page, without its stylesheet. */
export const linksOf = (html: string): string[] =>
  [...html.matchAll(/<a\s[^>]*href="([^"]+)"/g)].map(([, href = '']) => href);
