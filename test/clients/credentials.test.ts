import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { refreshingCredentials } from '../../lib/clients/credentials.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  path = join(folder, 'kms.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const OLD = { accessKey: 'AK1', secretKey: 'SK1', securityToken: undefined };
const NEW = { accessKey: 'AK2', secretKey: 'SK2', securityToken: 'ST2' };
const write = (text: string) => writeFileSync(path, text);
const writeOld = () => write('{"access_key":"AK1","secret_key":"SK1"}');
const writeNew = () => write('{"access_key":"AK2","secret_key":"SK2","security_token":"ST2"}');

function fromFile() {
  const clock = { nowMs: 0 };
  return { clock, credentials: refreshingCredentials({ kind: 'file', path }, () => clock.nowMs) };
}

test('credentials of the environment are used as they are', async () => {
  const credentials = refreshingCredentials({ kind: 'env', credentials: NEW });
  expect(await credentials.current()).toEqual(NEW);
  expect(await credentials.replacementFor(NEW)).toBeUndefined();
});

test('a byte order mark before the JSON of a file is skipped', async () => {
  write('\ufeff{"access_key":"AK1","secret_key":"SK1"}');
  expect(await fromFile().credentials.current()).toEqual(OLD);
});

test('a changed file takes effect within 30 seconds', async () => {
  writeOld();
  const { clock, credentials } = fromFile();
  expect(await credentials.current()).toEqual(OLD);
  writeNew();
  clock.nowMs = 29_999;
  expect(await credentials.current()).toEqual(OLD);
  clock.nowMs = 30_000;
  expect(await credentials.current()).toEqual(NEW);
});

test('after the KMS has refused the credentials, a changed file takes effect immediately', async () => {
  writeOld();
  const { credentials } = fromFile();
  await credentials.current();
  expect(await credentials.replacementFor(OLD)).toBeUndefined();
  writeNew();
  expect(await credentials.replacementFor(OLD)).toEqual(NEW);
  expect(await credentials.current()).toEqual(NEW);
});

test('while the file is missing or incomplete, the last credentials stay in use', async () => {
  writeOld();
  const { clock, credentials } = fromFile();
  await credentials.current();
  write('{"access_key":"AK2",');
  clock.nowMs = 30_000;
  expect(await credentials.current()).toEqual(OLD);
  rmSync(path);
  clock.nowMs = 60_000;
  expect(await credentials.current()).toEqual(OLD);
  expect(await credentials.replacementFor(OLD)).toBeUndefined();
  writeNew();
  clock.nowMs = 90_000;
  expect(await credentials.current()).toEqual(NEW);
});

test.each([
  ['text that is not JSON', 'AK1 hush-hush'],
  ['no secret key', '{"access_key":"AK1"}'],
  ['an empty secret key', '{"access_key":"AK1","secret_key":""}'],
  ['a line break, which a header cannot hold', '{"access_key":"AK1","secret_key":"hush-hush\\n"}'],
  ['a list', '["AK1","hush-hush"]'],
])('a file with %s is refused; the error names the path and has none of the content', async (_, text) => {
  write(text);
  const outcome = await fromFile()
    .credentials.current()
    .then(
      () => 'accepted',
      (error: Error) => `${error.message} ${error.stack} ${error.cause}`,
    );
  expect(outcome).toContain(path);
  expect(outcome).toContain('{"access_key": "…", "secret_key": "…"}');
  expect(outcome).not.toContain('hush');
});

test('a missing file is refused with an error that names its path', async () => {
  await expect(fromFile().credentials.current()).rejects.toThrow(`KMS_CREDENTIALS: ${path} cannot be used: ENOENT`);
});
