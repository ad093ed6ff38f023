import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { REPLY } from '../../lib/http/reply.ts';
import { fileResult, type StaticFile } from '../../lib/http/static-file.ts';

const TEXT = '<!doctype html><title>A page</title>';
const PAGE: StaticFile = {
  path: '/console',
  contentType: 'text/html; charset=utf-8',
  etag: '"3q2-7w"',
  isImmutable: false,
  gzip: gzipSync(TEXT).toString('base64'),
  br: brotliCompressSync(TEXT).toString('base64'),
};
const resultOf = (headers: Record<string, string>, file: StaticFile = PAGE) => fileResult(file, headers, 'id');
const encodingOf = (acceptEncoding: string) =>
  resultOf({ 'accept-encoding': acceptEncoding }).headers['content-encoding'];

test('a client gets the file in the best encoding that it accepts', () => {
  const brotli = resultOf({ 'accept-encoding': 'gzip, deflate, br, zstd' });
  expect(brotliDecompressSync(Buffer.from(brotli.body ?? '', 'base64')).toString()).toBe(TEXT);
  const gzip = resultOf({ 'accept-encoding': 'gzip' });
  expect(gunzipSync(Buffer.from(gzip.body ?? '', 'base64')).toString()).toBe(TEXT);
  const plain = resultOf({});
  expect(Buffer.from(plain.body ?? '', 'base64').toString()).toBe(TEXT);
  expect([brotli, gzip, plain].map(({ headers }) => headers['content-encoding'])).toEqual(['br', 'gzip', undefined]);
  expect([brotli, gzip, plain].every(({ isBase64Encoded }) => isBase64Encoded)).toBe(true);
});

// Source: RFC 9110, section 12.5.3: q=0 means "not acceptable".
test.each([
  ['br;q=0, gzip', 'gzip'],
  ['br;q=0.0,gzip;q=0', undefined],
  ['GZIP;q=0.5', 'gzip'],
  ['identity', undefined],
])('Accept-Encoding %j gets the encoding %s', (acceptEncoding, encoding) => {
  expect(encodingOf(acceptEncoding)).toBe(encoding);
});

// A header may have 32 KiB. A pattern that backtracks over its spaces takes seconds, in which nobody else gets a reply.
test('a header of 30,000 spaces is read at once', () => {
  const startedAtMs = performance.now();
  expect(encodingOf(`gzip${' '.repeat(30_000)}x, br`)).toBe('br');
  expect(performance.now() - startedAtMs).toBeLessThan(500);
});

test('a server that sends bytes gets the same bytes as API Gateway', () => {
  const { [REPLY]: reply, body } = resultOf({ 'accept-encoding': 'br' });
  expect(reply?.bytes().toString('base64')).toBe(body);
});

test.each(['"3q2-7w"', 'W/"3q2-7w"', '"other", "3q2-7w"', '*'])(
  'a client that has the file already, by If-None-Match %s, gets 304 without a body',
  (tag) => {
    const { statusCode, body, headers, [REPLY]: reply } = resultOf({ 'if-none-match': tag });
    expect([statusCode, body, reply?.bytes().length]).toEqual([304, '', 0]);
    expect(headers).toMatchObject({ etag: '"3q2-7w"', vary: 'accept-encoding' });
  },
);

test('a client that has another version gets the file', () => {
  expect(resultOf({ 'if-none-match': '"older"' }).statusCode).toBe(200);
});

test('a page is stored nowhere, and a file with a hash in its name is kept', () => {
  expect(resultOf({}).headers['cache-control']).toBe('no-store');
  const script = { ...PAGE, contentType: 'text/javascript; charset=utf-8', isImmutable: true };
  expect(resultOf({}, script).headers['cache-control']).toBe('public, max-age=31536000, immutable');
  const description = { ...PAGE, contentType: 'application/json' };
  expect(resultOf({}, description).headers['cache-control']).toBe('no-cache');
});
