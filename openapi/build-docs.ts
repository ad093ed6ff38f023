/** The documentation as files: pages in every language, made from the OpenAPI document, and their stylesheet. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ApiDescription, type Json, readDocument } from './page/document.ts';
import { errorIndex, errorPage } from './page/error-pages.ts';
import { LANGUAGES, type Language } from './page/language.ts';
import type { Assets } from './page/layout.ts';
import { mainPage } from './page/main-page.ts';
import { addressOf, ERROR_PAGES, pageIn } from './page/site.ts';

export interface DocsFile {
  /** The path of its address, such as `/docs/errors/KMS.0306`. */
  path: string;
  contentType: string;
  text: string;
  /** The path contains a hash of the text, so that clients may keep it for good. */
  isImmutable: boolean;
}

/** @param document of `openapiDocument()` */
export function docsFiles(document: Json): DocsFile[] {
  const css = readFileSync(new URL('page/docs.css', import.meta.url), 'utf8');
  const hash = createHash('sha256').update(css).digest('hex').slice(0, 16);
  const stylesheet = `/docs/docs.${hash}.css`;
  const api = readDocument(document);
  return [
    { path: stylesheet, contentType: 'text/css; charset=utf-8', text: css, isImmutable: true },
    ...LANGUAGES.flatMap((language) => pagesIn(language, api, { stylesheet, version: api.version })),
  ];
}

function pagesIn(language: Language, api: ApiDescription, assets: Assets): DocsFile[] {
  const page = pageIn(language);
  const file = (path: string, text: string): DocsFile => ({
    path: addressOf(language, path),
    contentType: 'text/html; charset=utf-8',
    text,
    isImmutable: false,
  });
  return [
    file('', mainPage(page, api, assets)),
    file('/errors', errorIndex(page, assets)),
    ...ERROR_PAGES.map((errors) =>
      file(`/errors/${errors.name}`, errorPage(pageIn(language, errors.name), errors, api, assets)),
    ),
  ];
}
