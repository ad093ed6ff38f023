import { expect, test } from '@jest/globals';
import { KmsError } from '../../lib/errors.ts';
import { publicUrlOf } from '../../lib/http/public-url.ts';

/** Also what a proxy or a client could add to a request, and what must not decide about links. */
const requestTo = (host: string | undefined) => ({
  method: 'GET',
  path: '/',
  query: '',
  headers: { host, 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'gopher', forwarded: 'host=evil.example' },
  body: new Uint8Array(),
});
const urlFor = (host: string | undefined, publicUrl?: string) => publicUrlOf({ publicUrl }, requestTo(host));

test.each(['127.0.0.1:8080', 'localhost', 'kms.example.com', 'KMS.Example.com:443', 'my_service:80', '[::1]:8080'])(
  'the address is that of the Host header: %s',
  (host) => {
    expect(urlFor(host)).toBe(`http://${host}`);
  },
);

// Source: RFC 9112, section 3.2: a server must answer a request with an invalid Host with 400.
test.each([
  undefined,
  '',
  'a b',
  'a,b',
  'a/b',
  'a?b',
  'a#b',
  'user@a',
  'user:password@a',
  'a:',
  'a:80:80',
  'a:99999',
  'a:x',
  '::1',
  '[::1',
  '[x]',
  '"a"',
  'ä.example',
  'a\\b',
  '999.1.1.1',
])('an invalid Host header is refused: %j', (host) => {
  expect(() => urlFor(host)).toThrow(new KmsError('APIGW.0201:400', { detail: 'Host is not valid.' }));
});

test('with PUBLIC_URL set, the Host header is not used', () => {
  expect(urlFor('evil.example', 'https://kms.example.com')).toBe('https://kms.example.com');
  expect(urlFor(undefined, 'https://kms.example.com')).toBe('https://kms.example.com');
});
