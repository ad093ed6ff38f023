/**
 * Services with the embedded directory in a SQLite file, two projects in two domains, and a clock that the test sets.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { parseConfig } from '../../lib/config.ts';
import type { Domain, Project } from '../../lib/domain/directory.ts';
import { type ErrorCode, KmsError } from '../../lib/errors.ts';
import type { NewAccessKey, NewUser } from '../../lib/identity/accounts.ts';
import { type Tokens, tokensOf } from '../../lib/identity/tokens.ts';
import type { Services } from '../../lib/services.ts';
import { openServices } from '../../local/open-services.ts';

export interface DirectoryFixture extends Services {
  dataDir: string;
  clock: { nowMs: number };
  /** In the domain `acme`. */
  home: { project: Project; domain: Domain };
  /** In the domain `other`. */
  foreign: { project: Project; domain: Domain };
  tokens: Tokens;
  /** Creates a user with an access key, by default in the project `home`. */
  addUser(name: string, role?: string, projectId?: string): Promise<NewUser & NewAccessKey>;
  /** Issues a token for the user, by default for the project `home`. */
  issueToken(user: NewUser, projectId?: string | undefined): Promise<string>;
  close(): Promise<void>;
}

/** 2026-11-22T06:27:27.123Z */
export const START_MS = Date.UTC(2026, 10, 22, 6, 27, 27, 123);

export async function openDirectoryFixture(): Promise<DirectoryFixture> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const clock = { nowMs: START_MS };
  const services = await openServices(parseConfig({ DATA_DIR: dataDir }), { now: () => clock.nowMs });
  const { accounts, store } = services;
  const tokens = tokensOf(services);
  const home = await accounts.createProject('eu-test-1', 'acme');
  const foreign = await accounts.createProject('eu-test-1', 'other');
  return {
    ...services,
    tokens,
    dataDir,
    clock,
    home,
    foreign,
    async addUser(name, role = 'KMS CMKFullAccess', projectId = home.project.projectId) {
      const user = await accounts.createUser(projectId, name, role);
      return { ...user, ...(await accounts.createAccessKey(user.user_id)) };
    },
    async issueToken(user, projectId = home.project.projectId) {
      const login = { user: { id: user.user_id }, password: user.password, project: { id: projectId } };
      return (await tokens.issue(login)).token;
    },
    async close() {
      await store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

/** Expects a rejection with this code and, if given, this message. */
export async function expectKmsError(promise: Promise<unknown>, code: ErrorCode, message?: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KmsError);
  expect((error as KmsError).code).toBe(code);
  if (message !== undefined) expect((error as KmsError).message).toBe(message);
}
