/** The files of the documentation, made from the document of the service. Also tests: openapi/page/. */
import { describe, expect, test } from '@jest/globals';
import { ERRORS } from '../../lib/errors.ts';
import { readRoutes } from '../../local/routes.ts';
import { docsFiles } from '../../openapi/build-docs.ts';
import { openapiDocument } from '../../openapi/document.ts';
import { assertWellFormed, idsOf, linksOf } from './html-check.ts';

const document = await openapiDocument();
const files = docsFiles(document);
const pages = files.filter(({ contentType }) => contentType.startsWith('text/html'));
const textAt = (path: string) => files.find((file) => file.path === path)?.text ?? '';
const decode = (html: string) =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);
const MAIN: readonly (readonly [string, string])[] = [
  ['en', '/docs'],
  ['zh', '/docs/zh'],
];

describe.each(MAIN)('the page with all operations (%s)', (language, path) => {
  const html = textAt(path);
  const text = decode(html);

  test('has every operation with its method, path, summary, and a curl command', () => {
    for (const { path, method, operation } of operations) {
      const { summary } = (language === 'zh' ? operation['x-zh'] : operation) as { summary: string };
      expect(text).toContain(summary);
      expect(text).toContain(`${method} ${path}`);
    }
    expect(text.match(/^\s*curl -s -w '\\n' "\$URL/gm)?.length).toBeGreaterThanOrEqual(operations.length);
  });

  test('has a reply of every operation that documents an example', () => {
    for (const { operation } of operations) {
      for (const { content = {} } of Object.values(operation.responses) as { content?: object }[]) {
        for (const media of Object.values(content) as { example?: unknown }[]) {
          if (media.example !== undefined) expect(text).toContain(JSON.stringify(media.example, null, 2));
        }
      }
    }
  });

  test('has curl commands of paths that the service has', () => {
    const patterns = readRoutes().map(({ key }) => key.replace(/^\w+ /, '').replaceAll(/\{\w+\+?\}/g, '*'));
    const called = [...text.matchAll(/curl [^"]*"\$URL([^"]*)"/g)].map(([, target = '']) =>
      target.replaceAll(/\$\w+/g, '*'),
    );
    expect(called.length).toBeGreaterThan(operations.length);
    for (const target of called) expect(patterns).toContain(target);
  });

  test('names the permission that revoking for others takes, and the roles that have it', () => {
    const section = /<section class="operation" id="revoke-principal-grants".*?<\/section>/s.exec(html)?.[0] ?? '';
    expect(decode(section)).toContain('kms:grant:revoke-any');
    expect(decode(section)).toContain('te_admin, KMS Administrator, kms_adm');
    expect(section).toContain(`href="${path}/errors/KMS.2402"`);
  });
});

describe.each(MAIN)('the pages of errors (%s)', (_, root) => {
  test('every code has a page of its own with its status and its text, and is in the list', () => {
    for (const [internal, { status, text }] of Object.entries(ERRORS)) {
      const name = internal.replace(/:.*/, '');
      const page = decode(textAt(`${root}/errors/${name}`));
      expect(page).toContain(text);
      expect(page).toContain(String(status));
      expect(textAt(`${root}/errors`)).toContain(`href="${root}/errors/${name}`);
    }
  });

  test('internal names, which no client sees, are not shown', () => {
    const shown = pages.map(({ text }) => decode(text)).join('\n');
    expect(shown).not.toMatch(/Keystone\.\d|APIGW\.0201:/);
  });
});

describe('every page', () => {
  test.each(pages.map(({ path, text }) => [path, text]))('%s is well-formed and has unique ids', (_, text) => {
    assertWellFormed(text);
    const ids = idsOf(text);
    expect(ids).toHaveLength(new Set(ids).size);
  });

  test('works under a policy that allows only the stylesheet of the same origin', () => {
    for (const { text } of pages) {
      expect(text).not.toMatch(
        /<script|<style|\sstyle=|\son\w+=|javascript:|<img|<iframe|https?:\/\/[^\s"]*\.(css|js)/i,
      );
      expect(text.match(/<link rel="stylesheet" href="([^"]+)">/)?.[1]).toMatch(/^\/docs\/docs\.[0-9a-f]{16}\.css$/);
    }
  });

  test('links only to pages and places that exist', () => {
    const ids = new Map(pages.map(({ path, text }) => [path, new Set(idsOf(text))]));
    const paths = new Set([...files.map(({ path }) => path), '/openapi.json']);
    const broken = pages.flatMap(({ path: from, text }) =>
      linksOf(text)
        .map((link) => new URL(link, `http://docs.example${from}`))
        .filter(({ pathname, hash }) => !paths.has(pathname) || (hash !== '' && !ids.get(pathname)?.has(hash.slice(1))))
        .map(({ pathname, hash }) => `${from} -> ${pathname}${hash}`),
    );
    expect(broken).toEqual([]);
  });

  test('says its language, and links to the same page in the other one', () => {
    for (const { path, text } of pages) {
      const isChinese = path.startsWith('/docs/zh');
      const other = isChinese ? path.replace('/docs/zh', '/docs') : path.replace('/docs', '/docs/zh');
      expect(text).toContain(`<html lang="${isChinese ? 'zh-Hans' : 'en'}">`);
      expect(linksOf(text)).toContain(other);
    }
  });
});

test('the address of the stylesheet changes with its content only', () => {
  const [css] = files.filter(({ contentType }) => contentType.startsWith('text/css'));
  expect(css?.isImmutable).toBe(true);
  expect(docsFiles({ ...document, info: { version: '9.9.9' } }).map(({ path }) => path)).toContain(css?.path);
});

test('text of the document cannot become HTML', () => {
  const hostile = '<script>alert(1)</script>" onload="x';
  const paths = {
    '/x': { get: { operationId: 'x', tags: ['t'], summary: hostile, description: hostile, responses: {} } },
  };
  const made = docsFiles({ info: { version: hostile }, tags: [{ name: 't', description: hostile }], paths });
  for (const { text } of made) expect(text).not.toMatch(/<script|\sonload="/);
});
