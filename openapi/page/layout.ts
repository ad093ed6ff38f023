import { type Html, html } from './html.ts';
import { LANGUAGES, type Language, type Text } from './language.ts';
import { addressOf, type Page } from './site.ts';
import { WORDS } from './words.ts';

export interface Assets {
  stylesheet: string;
  version: string;
}

interface Content {
  /** The address below the root of the language, such as `/errors`. */
  page: string;
  title: Text;
  description: Text;
  main: Html;
  /** The list of contents beside the text. */
  contents?: Html;
}

const TAGS: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-Hans' };

/** A whole page. It has no script and no style of its own, so it works under `default-src 'none'; style-src 'self'`. */
export function layout(page: Page, { stylesheet, version }: Assets, content: Content): string {
  const { language, say } = page;
  const other = language === 'en' ? 'zh' : 'en';
  const title = content.page === '' ? say(content.title) : `${say(content.title)} – ${say(WORDS.siteTitle)}`;
  return html`<!doctype html>
<html lang="${TAGS[language]}">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${say(content.description)}">
<link rel="stylesheet" href="${stylesheet}">
${LANGUAGES.map((each) => html`<link rel="alternate" hreflang="${TAGS[each]}" href="${addressOf(each, content.page)}">\n`)}</head>
<body>
<a class="skip" href="#content">${say(WORDS.skip)}</a>
<header>
<p class="site"><a href="${addressOf(language)}">${say(WORDS.siteTitle)}</a></p>
<nav aria-label="${say(WORDS.documentation)}"><ul>
<li><a href="${addressOf(language)}#operations">${say(WORDS.operations)}</a></li>
<li><a href="${addressOf(language, '/errors')}">${say(WORDS.errorCodes)}</a></li>
<li><a href="${addressOf(other, content.page)}" hreflang="${TAGS[other]}" lang="${TAGS[other]}">${say(WORDS.otherLanguage)}</a></li>
</ul></nav>
</header>
<div class="${content.contents ? 'page with-contents' : 'page'}">
${content.contents ?? ''}<main id="content" tabindex="-1">
${content.main}</main>
</div>
<footer>
<p>${say(WORDS.version)} ${version} · <a href="/openapi.json">${say(WORDS.descriptionLink)}</a></p>
<p>${say(WORDS.generated)}</p>
</footer>
</body>
</html>
`.text;
}
