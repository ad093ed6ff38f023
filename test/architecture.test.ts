/** The architecture, as rules that a change can break. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ERRORS } from '../lib/errors.ts';
import { ADAPTERS } from '../lib/webhooks/inbound/adapters.ts';

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const textOf = (file: string) => readFileSync(file, 'utf8');

interface Import {
  file: string;
  /** A package's name as written, or a path from the root of the project. */
  target: string;
  isPackage: boolean;
}

/** Every import, export-from and import() of the sources in these folders. */
function importsOf(...folders: string[]): Import[] {
  return folders.flatMap(filesOf).flatMap((file) =>
    [...textOf(file).matchAll(/(?:\bfrom|^import|\bimport\()\s*'([^']+)'/gm)].map(([, named = '']) => ({
      file,
      isPackage: !named.startsWith('.'),
      target: named.startsWith('.') ? join(dirname(file), named) : named,
    })),
  );
}

const within = (folder: string) => (path: string) => path.startsWith(`${folder}/`);
const written = (imports: Import[]) => imports.map(({ file, target }) => `${file} imports ${target}`);

const { functions } = parse(textOf('serverless.yml')) as {
  functions: Record<string, { handler: string; events: { httpApi?: string }[] }>;
};
const entries = Object.entries(functions);

test('the walk finds the sources and their imports', () => {
  expect(filesOf('functions').length).toBeGreaterThan(10);
  expect(written(importsOf('functions'))).toContain('functions/grants/list-grants.ts imports lib/handlers/http.ts');
  expect(written(importsOf('lib'))).toContain('lib/handlers/http.ts imports @middy/core');
  expect(written(importsOf('lib'))).toContain('lib/handlers/http.ts imports lib/validation/fields.ts');
});

test('every file in functions/ has one entry in serverless.yml, and every entry its file', () => {
  expect(entries.map(([, { handler }]) => handler).sort()).toEqual(
    filesOf('functions').map((file) => file.replace(/\.ts$/, '.handler')),
  );
});

test('a function is named as its file, and an API of keys and grants as the last segment of its path', () => {
  for (const [name, { handler, events }] of entries) {
    expect(basename(handler, '.handler')).toBe(name);
    for (const { httpApi } of events) {
      if (httpApi?.includes('/kms/')) expect(httpApi).toBe(`POST /v1.0/{project_id}/kms/${name}`);
    }
  }
});

test('no two functions take the same request', () => {
  const routes = entries.flatMap(([, { events }]) => events.flatMap(({ httpApi }) => httpApi ?? []));
  expect(routes).toHaveLength(new Set(routes).size);
});

test.each(filesOf('functions'))('%s exports its handler and nothing else', (file) => {
  expect(textOf(file).match(/^export .*/gm)).toEqual([
    expect.stringMatching(/^export const handler = (?:httpHandler|scheduleHandler|sqsHandler)\(/),
  ]);
});

test('functions/ imports from lib/ only, besides zod for fields of its own', () => {
  const others = importsOf('functions').filter(({ target }) => !within('lib')(target) && target !== 'zod/mini');
  expect(written(others)).toEqual([]);
});

test('functions/ reaches the rules through what the endpoint hands in: of the authority and the store only types', () => {
  const values = filesOf('functions').filter((file) =>
    /^import (?!type )[^;]*'[^']*\/lib\/(?:authority|store|services)/m.test(textOf(file)),
  );
  expect(values).toEqual([]);
});

test('lib/ imports nothing of functions/, local/ or test/', () => {
  const outside = importsOf('lib').filter(({ isPackage, target }) => !isPackage && !within('lib')(target));
  expect(written(outside)).toEqual([]);
});

test('only lib/handlers/http.ts imports middy', () => {
  const middy = importsOf('lib', 'functions', 'local').filter(({ target }) => target.startsWith('@middy/'));
  expect(written(middy)).toEqual(['lib/handlers/http.ts imports @middy/core']);
});

test('lib/signing/ imports node:crypto and its own folder', () => {
  const others = importsOf('lib/signing').filter(
    ({ target }) => target !== 'node:crypto' && !within('lib/signing')(target),
  );
  expect(written(others)).toEqual([]);
});

test('authority/ and store/ know no HTTP', () => {
  const http = importsOf('lib/authority', 'lib/store').filter(({ target }) =>
    /^(?:node:https?|@middy\/|aws-lambda|lib\/(?:handlers|http|validation)\/|lib\/services\.ts)/.test(target),
  );
  expect(written(http)).toEqual([]);
});

test('no function carries SQLite: in lib/ only its engine knows it', () => {
  const sqlite = importsOf('lib', 'functions').filter(
    ({ file, target }) => /sqlite/.test(target) && !within('lib/store/sqlite')(file),
  );
  expect(written(sqlite)).toEqual([]);
});

test('only lib/config.ts reads the environment', () => {
  const readers = ['lib', 'functions', 'local']
    .flatMap(filesOf)
    .filter((file) => /\bprocess\.env\b/.test(textOf(file)));
  expect(readers).toEqual(['lib/config.ts']);
});

test('every kind of source has its file, its test and its place in docs/hooks.md', () => {
  const kinds = Object.keys(ADAPTERS).sort();
  const tests = filesOf('test/webhooks/inbound/adapters').filter((file) => file.endsWith('.test.ts'));
  for (const kind of kinds) {
    expect(filesOf('lib/webhooks/inbound/adapters')).toContain(`lib/webhooks/inbound/adapters/${kind}.ts`);
    expect(tests).toContain(`test/webhooks/inbound/adapters/${kind}.test.ts`);
    expect(textOf('docs/hooks.md')).toContain(`\n### ${kind}\n`);
  }
});

test('every package that is imported is a dependency, and every dependency is imported', () => {
  const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };
  const nameOf = (target: string) => target.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? '';
  const packages = importsOf('lib', 'functions', 'local')
    .filter(({ isPackage, target }) => isPackage && !/^(?:node:|#|aws-lambda$)/.test(target))
    .map(({ target }) => nameOf(target));
  expect([...new Set(packages)].sort()).toEqual(Object.keys(dependencies).sort());
});

/** The codes that the sources name in quotes, without the rows of the table itself. */
const namedCodes = new Set(
  ['lib', 'functions', 'local'].flatMap(filesOf).flatMap((file) => {
    const text = textOf(file).replaceAll(/^ {2}'[^']+': \{ status: .*$/gm, '');
    return [...text.matchAll(/['"`]((?:KMS|APIGW|Keystone)\.\d+(?::\d+)?)/g)].map(([, code = '']) => code);
  }),
);

test('every code that the sources throw is a row of the table, and every row is thrown somewhere', () => {
  expect([...namedCodes].sort()).toEqual(Object.keys(ERRORS).sort());
});
