import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { assertPrivate, readSecret } from '../../lib/clients/secrets.ts';

const OWN_UID = process.getuid?.() ?? 0;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, 'hush-hush');
  chmodSync(path, mode);
  return path;
}

test.each([0o600, 0o400, 0o700])('a file that only its owner may read is read: mode %o', async (mode) => {
  expect(await readSecret({ kind: 'file', path: write('hooks.json', mode) })).toBe('hush-hush');
});

test.each([0o644, 0o640, 0o604, 0o660, 0o666, 0o620])(
  'a file that others may read or write is refused with the command that corrects it: mode %o',
  async (mode) => {
    const path = write('hooks.json', mode);
    const error = await readSecret({ kind: 'file', path }).catch((refusal: Error) => refusal);
    expect(error).toEqual(new Error(`other users of this machine may read it. Run: chmod 600 '${path}'`));
    chmodSync(path, 0o600);
    expect(await readSecret({ kind: 'file', path })).toBe('hush-hush');
  },
);

test('the command can be pasted whatever the name of the file', () => {
  expect(() => assertPrivate("/data/it's $(here).json", { mode: 0o100644, uid: OWN_UID })).toThrow(
    "chmod 600 '/data/it'\\''s $(here).json'",
  );
});

// Source: Kubernetes, "Configure a Security Context": with fsGroup, files of a secret have the mode 0440.
test('a file of another owner may be readable by the group, and not by everybody', () => {
  const uid = OWN_UID + 1;
  expect(() => assertPrivate('/run/secrets/kms.json', { mode: 0o100440, uid })).not.toThrow();
  expect(() => assertPrivate('/run/secrets/kms.json', { mode: 0o100444, uid })).toThrow('chmod 600');
});
