/** The part of Markdown that the texts of the documentation use. */
import { Html, html } from './html.ts';

/** Returns the address of a link's target; undefined leaves the text without a link. */
export type LinkOf = (target: string) => string | undefined;

const INLINE = /`([^`]+)`|\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** Code in backticks, bold text, and links. Code that `linkOf` knows, such as an error code, becomes a link too. */
export function inline(text: string, linkOf: LinkOf): Html {
  const parts: Html[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, bold, label, target] = match;
    parts.push(html`${text.slice(end, match.index)}`);
    if (code !== undefined) parts.push(link(html`<code>${code}</code>`, linkOf(code)));
    else if (bold !== undefined) parts.push(html`<strong>${inline(bold, linkOf)}</strong>`);
    else
      parts.push(
        link(
          inline(label ?? '', () => undefined),
          linkOf(target ?? ''),
        ),
      );
    end = match.index + whole.length;
  }
  return html`${parts}${text.slice(end)}`;
}

function link(content: Html, address: string | undefined): Html {
  return address === undefined ? content : html`<a href="${address}">${content}</a>`;
}

/** Paragraphs, and lists whose lines start with a hyphen. */
export function blocks(text: string, linkOf: LinkOf): Html {
  const rendered = text
    .trim()
    .split(/\n{2,}/)
    .map((block) => {
      const lines = block.split('\n');
      if (!lines.every((line) => /^(- |\s+)/.test(line))) return html`<p>${inline(lines.join(' '), linkOf)}</p>\n`;
      const items = block.split(/^- /m).slice(1);
      return html`<ul>\n${items.map((item) => html`<li>${inline(item.replaceAll(/\s*\n\s*/g, ' ').trim(), linkOf)}</li>\n`)}</ul>\n`;
    });
  return html`${rendered}`;
}

/** Text without its markup, such as for a title. */
export function plain(text: string): string {
  return text.replaceAll(INLINE, (_, code, bold, label) => code ?? bold ?? label);
}

export { Html };
