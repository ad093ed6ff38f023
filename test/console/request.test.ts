/** Also tests: console/api/request.ts. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { bodyTextOf, curlOf } from '../../console/api/request.ts';
import { kms } from '../../console/api/requests.ts';

describe('a request as curl', () => {
  test('names the method, the address, the headers and the body, and takes the token from a variable', () => {
    const request = kms('p1', 'list-grants', { key_id: 'k', limit: 200 });
    expect(curlOf(request, 'https://kms.example.com')).toBe(
      [
        `curl -X POST 'https://kms.example.com/v1.0/p1/kms/list-grants'`,
        `-H "X-Auth-Token: $TOKEN"`,
        `-H 'Content-Type: application/json'`,
        `--data-raw '{"key_id":"k","limit":200}'`,
      ].join(' \\\n  '),
    );
  });

  test('a request without a body has none', () => {
    const command = curlOf({ method: 'GET', path: '/v1.0/caller' }, 'https://kms.example.com');
    expect(command).not.toContain('data-raw');
    expect(command).not.toContain('Content-Type');
  });

  test.each([
    ['quotes of the shell', `it's "quoted" \`id\` $(id) $HOME \\ end`],
    ['Chinese and emoji', '轮换密钥 🔑'],
    ['line breaks', 'first\nsecond'],
    ['an @ at the start', '@/etc/passwd'],
  ])('a shell sends exactly the bytes of the body, also with %s', async (_name, reason) => {
    const received: { body: string; token: string | undefined }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const token = request.headers['x-auth-token'];
        received.push({ body: Buffer.concat(chunks).toString(), token: String(token) });
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('no address');
    const request = kms('p1', 'create-revocation-job', { reason });
    const command = curlOf(request, `http://127.0.0.1:${address.port}`);
    await promisify(execFile)('/bin/sh', ['-c', command], { env: { PATH: process.env['PATH'], TOKEN: 't0ken' } });
    server.close();
    expect(received).toEqual([{ body: bodyTextOf(request), token: 't0ken' }]);
  });
});
