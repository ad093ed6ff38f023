/** The architecture of docs and CONTRIBUTING, as rules that a change can break. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ERRORS } from '../lib/errors.ts';
import { WEBHOOK_FAMILIES } from '../lib/webhooks/all-sources.ts';
import { WEBHOOK_KINDS } from '../lib/webhooks/hooks.ts';

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const textOf = (file: string) => readFileSync(file, 'utf8');

const packageJson = JSON.parse(textOf('package.json')) as {
  dependencies: Record<string, string>;
  imports: Record<string, { default: string }>;
};

interface Import {
  file: string;
  /** A package's name as written, or a path from the root of the project. */
  target: string;
  isPackage: boolean;
  isTypeOnly: boolean;
}

/** Every import, export-from and import() of the sources in these folders. */
function importsOf(...folders: string[]): Import[] {
  return folders.flatMap(filesOf).flatMap((file) =>
    [...textOf(file).matchAll(/(?:^(import|export)( type)?\b[^;']*?from\s*|^import\s*|\bimport\()'([^']+)'/gm)].map(
      ([, , type, written = '']) => {
        const name = packageJson.imports[written]?.default ?? written;
        const isPackage = !name.startsWith('.');
        const path = name === written ? join(dirname(file), name) : join(name);
        return { file, isPackage, target: isPackage ? name : path, isTypeOnly: type !== undefined };
      },
    ),
  );
}

const within = (folder: string) => (path: string) => path.startsWith(`${folder}/`);
/** @param paths files, and folders with a slash at the end */
const isIn = (paths: readonly string[], file: string) =>
  paths.some((path) => (path.endsWith('/') ? file.startsWith(path) : file === path));
const written = (imports: Import[]) => imports.map(({ file, target }) => `${file} imports ${target}`);

const { functions } = parse(textOf('serverless.yml')) as {
  functions: Record<string, { handler: string; events: { httpApi?: string }[] }>;
};
const entries = Object.entries(functions);

test('the search finds the sources and their imports', () => {
  expect(filesOf('functions').length).toBeGreaterThan(10);
  expect(written(importsOf('functions'))).toContain('functions/grants/list-grants.ts imports lib/handlers/http.ts');
  expect(written(importsOf('lib'))).toContain('lib/handlers/http.ts imports @middy/core');
  expect(written(importsOf('lib'))).toContain('lib/services.ts imports lib/authority/upstream/upstream.ts');
});

describe('functions/', () => {
  test('every file has one entry in serverless.yml, and every entry its file', () => {
    expect(entries.map(([, { handler }]) => handler).sort()).toEqual(
      filesOf('functions').map((file) => file.replace(/\.ts$/, '.handler')),
    );
  });

  test('a function is named after its file, and an API of keys and grants after the last segment of its path', () => {
    for (const [name, { handler, events }] of entries) {
      expect(basename(handler, '.handler')).toBe(name);
      for (const { httpApi } of events) {
        if (httpApi?.includes('/kms/')) expect(httpApi).toBe(`POST /v1.0/{project_id}/kms/${name}`);
      }
    }
  });

  test('no two functions have the same route', () => {
    const routes = entries.flatMap(([, { events }]) => events.flatMap(({ httpApi }) => httpApi ?? []));
    expect(routes).toHaveLength(new Set(routes).size);
  });

  test.each(filesOf('functions'))('%s exports its handler and nothing else', (file) => {
    expect(textOf(file).match(/^export .*/gm)).toEqual([
      expect.stringMatching(
        /^export const handler = (?:httpHandler|receiverHandler|scheduleHandler|sqsHandler|websiteHandler)\(/,
      ),
    ]);
  });

  test('functions import only lib/, zod for fields of their own, and the website that the build makes', () => {
    const allowed = ['lib/', 'build/', 'zod/mini'];
    const others = importsOf('functions').filter(({ target }) => !isIn(allowed, target));
    expect(written(others)).toEqual([]);
  });

  test('functions get the authority and the store as arguments: they import only types of them', () => {
    const ports = ['lib/authority/authority.ts', 'lib/authority/standalone/', 'lib/authority/upstream/', 'lib/store/'];
    const values = importsOf('functions').filter(
      ({ target, isTypeOnly }) => !isTypeOnly && isIn([...ports, 'lib/services.ts'], target),
    );
    expect(written(values)).toEqual([]);
  });
});

test('openapi/ imports functions/ by their routes, and otherwise only lib/, the routes and zod', () => {
  const others = importsOf('openapi').filter(
    ({ target }) => !/^(?:node:|zod\/mini$|(?:lib|openapi)\/|local\/routes\.ts$)/.test(target),
  );
  expect(written(others)).toEqual([]);
});

describe('lib/', () => {
  test('has at most five files beside its folders', () => {
    const files = readdirSync('lib', { withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).toEqual(['config.ts', 'errors.ts', 'logger.ts', 'services.ts', 'stubs.ts']);
  });

  test('imports nothing of functions/, local/ or test/', () => {
    const outside = importsOf('lib').filter(({ isPackage, target }) => !isPackage && !within('lib')(target));
    expect(written(outside)).toEqual([]);
  });

  test('nothing that runs imports openapi/: the description of the APIs is made from them', () => {
    const others = importsOf('lib', 'functions').filter(({ target }) => within('openapi')(target));
    expect(written(others)).toEqual([]);
  });

  test('has no import cycle', () => {
    const imports = Map.groupBy(
      importsOf('lib').filter(({ isPackage }) => !isPackage),
      ({ file }) => file,
    );
    const finished = new Set<string>();
    function cycleFrom(file: string, path: readonly string[]): string[] | undefined {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
      if (finished.has(file)) return undefined;
      for (const { target } of imports.get(file) ?? []) {
        const cycle = cycleFrom(target, [...path, file]);
        if (cycle) return cycle;
      }
      finished.add(file);
      return undefined;
    }
    const cycles = filesOf('lib').flatMap((file) => cycleFrom(file, [])?.join(' -> ') ?? []);
    expect(cycles).toEqual([]);
  });

  /** What the files of a folder may import of lib/: dependencies point inward. Packages are not listed. */
  const MAY_IMPORT: Record<string, readonly string[]> = {
    'lib/errors.ts': [],
    'lib/domain/': ['lib/domain/', 'lib/errors.ts'],
    'lib/signing/': ['lib/signing/', 'lib/domain/', 'lib/errors.ts'],
  };
  const BELOW_HANDLERS = [
    'authority',
    'chat',
    'clients',
    'http',
    'idempotency',
    'identity',
    'lookup',
    'queue',
    'scim',
    'store',
    'util',
    'validation',
    'webhooks',
  ];
  test.each(Object.entries(MAY_IMPORT))('%s imports of lib/ only %j', (place, allowed) => {
    const others = importsOf('lib').filter(
      ({ file, target, isPackage }) => isIn([place], file) && !isPackage && !isIn(allowed, target),
    );
    expect(written(others)).toEqual([]);
  });

  /** The order that CONTRIBUTING, "Layout", shows: a file imports only from its own layer and from later ones. */
  const LAYERS = [
    ['lib/handlers/'],
    ['lib/services.ts', 'lib/stubs.ts'],
    ['lib/webhooks/', 'lib/chat/', 'lib/lookup/', 'lib/scim/'],
    ['lib/validation/', 'lib/http/'],
    ['lib/authority/', 'lib/identity/'],
    ['lib/idempotency/', 'lib/config.ts'],
    ['lib/store/', 'lib/queue/', 'lib/clients/', 'lib/signing/'],
    ['lib/util/', 'lib/logger.ts'],
    ['lib/domain/'],
    ['lib/errors.ts'],
  ];
  const layerOf = (path: string) => LAYERS.findIndex((layer) => isIn(layer, path));

  test('every file has a layer, and imports nothing of a layer before its own', () => {
    expect(filesOf('lib').filter((file) => layerOf(file) < 0)).toEqual([]);
    const backwards = importsOf('lib').filter(
      ({ file, target, isPackage }) => !isPackage && layerOf(target) < layerOf(file),
    );
    expect(written(backwards)).toEqual([]);
  });

  test('nothing below handlers/ imports handlers/ or services.ts', () => {
    const others = importsOf(...BELOW_HANDLERS.map((folder) => `lib/${folder}`)).filter(({ target }) =>
      isIn(['lib/handlers/', 'lib/services.ts'], target),
    );
    expect(written(others)).toEqual([]);
  });

  test('only handlers/ knows middy and the shape of Lambda events', () => {
    const others = importsOf('lib', 'functions').filter(
      ({ file, target }) => !within('lib/handlers')(file) && (target.startsWith('@middy/') || target === 'aws-lambda'),
    );
    // The reply is API Gateway's result format.
    expect(written(others)).toEqual(['lib/http/reply.ts imports aws-lambda']);
  });

  test('authority/standalone/ and store/ know no HTTP', () => {
    const http = importsOf('lib/authority/standalone', 'lib/store').filter(
      ({ target }) => /^(?:node:https?|ky|aws-lambda)$/.test(target) || isIn(['lib/http/', 'lib/validation/'], target),
    );
    expect(written(http)).toEqual([]);
  });

  test('signing/ uses no package but node:crypto', () => {
    const others = importsOf('lib/signing').filter(({ target, isPackage }) => isPackage && target !== 'node:crypto');
    expect(written(others)).toEqual([]);
  });

  test('only the SQLite engine knows SQLite, so no function bundles it', () => {
    const sqlite = importsOf('lib', 'functions').filter(
      ({ file, target }) => /sqlite/.test(target) && !within('lib/store/sqlite')(file),
    );
    expect(written(sqlite)).toEqual([]);
  });
});

test('no comment line is longer than the line width', () => {
  const folders = ['functions', 'lib', 'local', 'openapi', 'console', 'deploy', 'bench', 'test'];
  const sources = folders.flatMap(filesOf).concat('serverless.yml');
  const long = sources
    .filter((file) => /\.(?:tsx?|js|yml)$/.test(file))
    .flatMap((file) =>
      textOf(file)
        .split('\n')
        .filter((line) => line.length > 120 && /^\s*(?:\/\/|\/?\*|#)/.test(line))
        .map((line) => `${file}: ${line}`),
    );
  expect(long).toEqual([]);
});

test('only lib/config.ts reads the environment', () => {
  const readers = ['lib', 'functions', 'local', 'openapi']
    .flatMap(filesOf)
    .filter((file) => /\bprocess\.env\b/.test(textOf(file)));
  expect(readers).toEqual(['lib/config.ts']);
});

test('every source file has a test at the same place in test/, or a test that names it or its folder at its top', () => {
  const tests = filesOf('test').filter((file) => file.endsWith('.test.ts'));
  const named = tests.flatMap((file) => {
    const [comment = ''] = /^\/\*\*[\s\S]*?\*\//.exec(textOf(file)) ?? [];
    const [, list = ''] = /Also tests: ([\w/., -]+)\.\s/.exec(comment) ?? [];
    return list.split(', ').filter((place) => place !== '');
  });
  const mirrorOf = (file: string) => `test/${file.replace(/^lib\//, '').replace(/\.ts$/, '')}`;
  const hasCode = (file: string) => !file.endsWith('.d.ts') && /^export (?!type|interface)/m.test(textOf(file));
  const sources = ['functions', 'lib', 'local', 'openapi'].flatMap(filesOf).filter(hasCode);
  const untested = sources.filter((file) => {
    const suffixes = ['.test.ts', '.slow.test.ts'];
    return !suffixes.some((suffix) => tests.includes(mirrorOf(file) + suffix)) && !isIn(named, file);
  });
  expect(untested).toEqual([]);
  expect(named.filter((place) => !existsSync(place))).toEqual([]);
});

test('every kind of webhook source is received by one function', () => {
  const received = WEBHOOK_FAMILIES.flatMap((family) => family.kinds());
  expect([...received].sort()).toEqual([...WEBHOOK_KINDS].sort());
});

test('every kind of webhook source has an adapter, a test, a sample for the hook command and a page in docs/', () => {
  for (const kind of WEBHOOK_KINDS) {
    expect(filesOf('lib/webhooks/inbound/adapters')).toContain(`lib/webhooks/inbound/adapters/${kind}.ts`);
    expect(filesOf('test/webhooks')).toContain(`test/webhooks/inbound/adapters/${kind}.test.ts`);
    expect(filesOf('local/hook/samples')).toContain(`local/hook/samples/${kind}.ts`);
    expect(filesOf('docs')).toContain(`docs/webhooks/${kind}.md`);
    expect(textOf('docs/webhooks/reference.md')).toContain(`\n### ${kind}\n`);
    expect(textOf('docs/README.md')).toContain(`(webhooks/${kind}.md)`);
  }
});

test('every imported package is a dependency, and every dependency is imported', () => {
  const nameOf = (target: string) => target.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? '';
  const packages = importsOf('lib', 'functions', 'local')
    .filter(({ isPackage, target }) => isPackage && !/^(?:node:|aws-lambda$|@slack\/types$|vite$)/.test(target))
    .map(({ target }) => nameOf(target));
  expect([...new Set(packages)].sort()).toEqual(Object.keys(packageJson.dependencies).sort());
});

test('every error code in the sources is a row of the table, and every row is used somewhere', () => {
  const codes = ['lib', 'functions', 'local'].flatMap(filesOf).flatMap((file) => {
    const text = textOf(file).replaceAll(/^ {2}'[^']+': \{ status: .*$/gm, '');
    return [...text.matchAll(/['"`]((?:KMS|APIGW|Keystone)\.\d+(?::\w+)?)/g)].map(([, code = '']) => code);
  });
  expect([...new Set(codes)].sort()).toEqual(Object.keys(ERRORS).sort());
});
