// @ts-check
/**
 * `npm run build`: writes the website into build/, as modules that functions/website/ imports. `npm ci` runs it, and a
 * start when a source is newer. It is JavaScript because `npm ci` may run it without the packages for development.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** @typedef {import('../lib/http/static-file.ts').StaticFile} StaticFile */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILD = join(ROOT, 'build');
/** Written last, so that an interrupted build counts as none. */
const STAMP = join(BUILD, 'built');

/** What the website is made of. The description of the API is made from the APIs themselves. */
const SOURCES = ['console', 'openapi', 'functions', 'lib', 'local', 'serverless.yml', 'package.json'];

/** Whether the website is built, and no source is newer. */
export function isBuilt() {
  if (!existsSync(STAMP)) return false;
  const builtAtMs = statSync(STAMP).mtimeMs;
  return SOURCES.every((source) => newestMs(join(ROOT, source)) <= builtAtMs);
}

/** @param {string} path @returns {number} */
function newestMs(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

/** Whether the packages for development are installed. */
export function canBuild() {
  try {
    createRequire(import.meta.url).resolve('vite/package.json');
    return true;
  } catch {
    return false;
  }
}

async function build() {
  const started = performance.now();
  mkdirSync(BUILD, { recursive: true });
  rmSync(STAMP, { force: true });
  const { build: bundle } = await import('vite');
  await bundle({ root: join(ROOT, 'console'), configFile: join(ROOT, 'console/vite.config.ts'), logLevel: 'warn' });
  writeModule('console-files.js', filesOf(join(BUILD, 'console'), '/console').map(consoleFile));
  const { documentationFiles } = await import('../openapi/documentation.ts');
  writeModule('docs-files.js', (await documentationFiles()).map(staticFile));
  writeFileSync(STAMP, '');
  return Math.round(performance.now() - started);
}

/** @param {string} folder @param {string} path of its URL @returns {{ path: string, content: Buffer }[]} */
function filesOf(folder, path) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const [file, url] = [join(folder, entry.name), `${path}/${entry.name}`];
    return entry.isDirectory() ? filesOf(file, url) : [{ path: url, content: readFileSync(file) }];
  });
}

/** @type {Record<string, string>} */
const CONTENT_TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** @param {{ path: string, content: Buffer }} file */
function consoleFile({ path, content }) {
  const contentType = CONTENT_TYPES[extname(path)];
  if (!contentType) throw new Error(`The console has a file of an unknown type: ${path}`);
  // Vite puts a hash of the contents into the names of the files in this folder.
  const isImmutable = path.startsWith('/console/assets/');
  return staticFile({ path: path.replace(/\/index\.html$/, ''), contentType, content, isImmutable });
}

/**
 * @param {{ path: string, contentType: string, content: string | Buffer, isImmutable?: boolean }} file
 * @returns {StaticFile}
 */
function staticFile({ path, contentType, content, isImmutable = false }) {
  const bytes = Buffer.from(content);
  return {
    path,
    contentType,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    isImmutable,
    gzip: gzipSync(bytes, { level: 9 }).toString('base64'),
    br: brotliCompressSync(bytes).toString('base64'),
  };
}

/** @param {string} name @param {StaticFile[]} files */
function writeModule(name, files) {
  const file = join(BUILD, name);
  // Several processes may build at the same time; each file is complete or absent.
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `export default ${JSON.stringify(files)};\n`);
  renameSync(unfinished, file);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (isBuilt()) console.log('The console and the description of the API are built already.');
  else if (canBuild()) console.log(`Built the console and the description of the API in ${await build()} ms.`);
  else console.log('The console and /docs are not built: the packages for development are not installed.');
}
