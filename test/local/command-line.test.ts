/** What the commands `admin`, `chat` and `hook` share. */
import { expect, test } from '@jest/globals';
import { originOf, UsageError } from '../../local/command-line.ts';

test.each([
  ['127.0.0.1', 8080, 'http://127.0.0.1:8080'],
  ['0.0.0.0', 8081, 'http://127.0.0.1:8081'],
  ['::', 8080, 'http://127.0.0.1:8080'],
  ['::1', 8080, 'http://[::1]:8080'],
])('a command without --url calls a service that listens on %s port %i at %s', (host, port, expected) => {
  expect(originOf(undefined, { host, port }, 'help')).toBe(expected);
});

test.each(['kms.example.com', 'ftp://kms.example.com', 'https://kms.example.com/v3', 'https://a@kms.example.com'])(
  'a command with --url %s is refused, because that is no origin',
  (url) => {
    expect(() => originOf(url, { host: '127.0.0.1', port: 8080 }, 'help')).toThrow(UsageError);
  },
);

test('a command with an origin as --url calls it, with or without a slash at the end', () => {
  const settings = { host: '127.0.0.1', port: 8080 };
  for (const url of ['https://kms.example.com', 'https://kms.example.com/']) {
    expect(originOf(url, settings, 'help')).toBe('https://kms.example.com');
  }
});
