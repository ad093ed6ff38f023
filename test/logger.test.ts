import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loggedPath } from '../lib/logger.ts';

test.each([
  ['/', '/'],
  ['', ''],
  ['/v1.0/134c80bd94050599af4de75add576f7f/kms/list-grants', '/v1.0/134c80bd94050599af4de75add576f7f/kms/list-grants'],
  ['/a\nb\r\u0000\u001b[31m', '/a\\u000ab\\u000d\\u0000\\u001b[31m'],
  ['/\u007f\u009b\u2028\u202e', '/\\u007f\\u009b\\u2028\\u202e'],
  [`/hooks/${'s3cret-Token'.repeat(4)}/x`, '/hooks/s3cret-T.../x'],
])('the path %j is logged as %j', (path, logged) => {
  expect(loggedPath(path)).toBe(logged);
});

test('a long path is cut', () => {
  expect(loggedPath('/ab'.repeat(10_000))).toBe('/ab'.repeat(86).slice(0, 256));
});

test('the table in docs/operations.md has exactly the log lines that the code writes', () => {
  const code = ['functions', 'lib', 'local']
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  // The last three pass the message on to the logger.
  const call =
    /\b(?:logger(?:\.(?:debug|info|warn|error)|\[.+\])|logFailure|scheduleHandler|sqsHandler)\(\s*(\S+?)[,)]/g;
  const messages = new Set([...code.matchAll(call)].map(([, message = '']) => message));
  // `name` is the parameter of those three.
  expect(messages.delete('name')).toBe(true);
  const [, table = ''] = /\n## Log lines\n([\s\S]*?)\n## /.exec(readFileSync('docs/operations.md', 'utf8')) ?? [];
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const documented = rows.flatMap((row) => row.split(' | ')[0]?.match(/(?<=`)[\w-]+(?=`)/g) ?? []);
  expect(documented.map((name) => `'${name}'`).sort()).toEqual([...messages].sort());
});
