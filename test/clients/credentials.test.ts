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

function opened() {
  const clock = { nowMs: 0 };
  return { clock, kept: refreshingCredentials({ kind: 'file', path }, () => clock.nowMs) };
}

test('those of the environment are as they are', async () => {
  const kept = refreshingCredentials({ kind: 'env', credentials: NEW });
  expect(await kept.current()).toEqual(NEW);
  expect(await kept.replacementFor(NEW)).toBeUndefined();
});

test('a changed file is noticed within 30 seconds', async () => {
  writeOld();
  const { clock, kept } = opened();
  expect(await kept.current()).toEqual(OLD);
  writeNew();
  clock.nowMs = 29_999;
  expect(await kept.current()).toEqual(OLD);
  clock.nowMs = 30_000;
  expect(await kept.current()).toEqual(NEW);
});

test('once they were refused, a changed file is noticed at once', async () => {
  writeOld();
  const { kept } = opened();
  await kept.current();
  expect(await kept.replacementFor(OLD)).toBeUndefined();
  writeNew();
  expect(await kept.replacementFor(OLD)).toEqual(NEW);
  expect(await kept.current()).toEqual(NEW);
});

test('a file that is gone or half-written for a moment changes nothing', async () => {
  writeOld();
  const { clock, kept } = opened();
  await kept.current();
  write('{"access_key":"AK2",');
  clock.nowMs = 30_000;
  expect(await kept.current()).toEqual(OLD);
  rmSync(path);
  clock.nowMs = 60_000;
  expect(await kept.current()).toEqual(OLD);
  expect(await kept.replacementFor(OLD)).toBeUndefined();
  writeNew();
  clock.nowMs = 90_000;
  expect(await kept.current()).toEqual(NEW);
});

test.each([
  ['no JSON', 'AK1 hush-hush'],
  ['no secret key', '{"access_key":"AK1"}'],
  ['an empty secret key', '{"access_key":"AK1","secret_key":""}'],
  ['a line break, which no header can hold', '{"access_key":"AK1","secret_key":"hush-hush\\n"}'],
  ['a list', '["AK1","hush-hush"]'],
])('a file with %s is refused with its path, and nothing of it is told', async (_, text) => {
  write(text);
  const told = await opened()
    .kept.current()
    .then(
      () => 'taken',
      (error: Error) => `${error.message} ${error.stack} ${error.cause}`,
    );
  expect(told).toContain(path);
  expect(told).toContain('{"access_key": "…", "secret_key": "…"}');
  expect(told).not.toContain('hush');
});

test('a file that is not there is refused with its path', async () => {
  await expect(opened().kept.current()).rejects.toThrow(`KMS_CREDENTIALS: ${path} cannot be used: ENOENT`);
});
