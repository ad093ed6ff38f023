/** The demo project of a first start: keys and grants to try the API with, and users with random credentials. */

import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../lib/config.ts';
import type { Operation } from '../lib/domain/model.ts';
import type { RequestContext } from '../lib/domain/request-context.ts';
import type { Services } from '../lib/services.ts';
import { DATABASE_FILE, ensureRootKeys, linkIfAbsent, ROOT_KEY_FILE } from './data-dir.ts';
import { demoHooks, demoMapping } from './demo-chat.ts';
import { demoFiles, SQLITE_DEMO_FILES } from './demo-files.ts';
import { openServices } from './open-services.ts';

/** The content of `demo.json`. */
export interface Demo {
  project_id: string;
  region: string;
  users: DemoUser[];
  keys: { key_id: string; key_alias: string }[];
  grants: { key_id: string; grant_id: string }[];
}

export interface DemoUser {
  name: string;
  role: string;
  user_id: string;
  domain_id: string;
  domain_name: string;
  password: string;
  access_key: string;
  secret_key: string;
}

const USERS = [
  { name: 'creator', role: 'KMS CMKFullAccess' },
  { name: 'grantee', role: 'KMS CMKFullAccess' },
  { name: 'reader', role: 'KMS CMKReadOnlyAccess' },
  { name: 'administrator', role: 'te_admin' },
];

const ALIASES = ['orders', 'payroll'];

const GRANTS: { alias: string; name: string; operations: Operation[] }[] = [
  { alias: 'orders', name: 'orders-service', operations: ['encrypt-data', 'decrypt-data'] },
  { alias: 'orders', name: 'orders-archive', operations: ['create-datakey', 'decrypt-datakey', 'retire-grant'] },
  { alias: 'orders', name: 'orders-report', operations: ['describe-key', 'decrypt-data'] },
  { alias: 'payroll', name: 'payroll-service', operations: ['encrypt-data', 'decrypt-data', 'create-grant'] },
  { alias: 'payroll', name: 'payroll-audit', operations: ['describe-key'] },
];

/** Prefix of the temporary folder of a first start in progress; six random characters follow. */
const TEMPORARY_DIR_PREFIX = 'first-start.';
/** A first start takes a second, so a temporary folder of this age belongs to a process that died. */
const ABANDONED_MS = 10 * 60 * 1000;

/**
 * Creates the demo if there is no database yet, or if the local table has no project. It creates nothing on AWS, for an
 * upstream KMS, or for an external IAM.
 * @returns undefined if it created nothing
 */
export async function createDemoOnFirstStart(config: Config): Promise<Demo | undefined> {
  if (config.upstream || config.keystone) return undefined;
  if (config.dynamodb) return config.dynamodb.endpoint ? createDemoInTable(config) : undefined;
  return existsSync(join(config.dataDir, DATABASE_FILE)) ? undefined : createDemoInDataDir(config);
}

async function createDemoInTable(config: Config): Promise<Demo | undefined> {
  const services = await openServices(config);
  try {
    if ((await services.store.directory.projects()).length > 0) return undefined;
    const demo = await createDemoData(services);
    writeFiles(config, config.dataDir, demo);
    return demo;
  } finally {
    await services.store.close();
  }
}

/**
 * Creates the demo in a temporary folder and publishes it by linking the database into the data folder. So of several
 * starts at the same time exactly one publishes, and a killed start leaves no partial database.
 * @returns undefined if another process published a database meanwhile
 */
async function createDemoInDataDir(config: Config): Promise<Demo | undefined> {
  const { dataDir } = config;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const temporaryDir = mkdtempSync(join(dataDir, TEMPORARY_DIR_PREFIX));
  // The data folder's own root key: the database must be readable after it is published.
  await ensureRootKeys(dataDir);
  linkIfAbsent(join(dataDir, ROOT_KEY_FILE), join(temporaryDir, ROOT_KEY_FILE));
  const services = await openServices({ ...config, dataDir: temporaryDir });
  const demo = await createDemoData(services);
  await services.store.close();
  writeFiles(config, temporaryDir, demo);
  const isPublished = linkIfAbsent(join(temporaryDir, DATABASE_FILE), join(dataDir, DATABASE_FILE));
  finishFirstStart(dataDir);
  rmSync(temporaryDir, { recursive: true, force: true });
  return isPublished ? demo : undefined;
}

/**
 * Completes first starts that were killed: moves the credential files of the start that published its database into the
 * data folder, and deletes its temporary folder and old ones. Several processes may do this at the same time.
 */
export function finishFirstStart(dataDir: string): void {
  for (const name of existsSync(dataDir) ? readdirSync(dataDir) : []) {
    if (!name.startsWith(TEMPORARY_DIR_PREFIX)) continue;
    const temporaryDir = join(dataDir, name);
    const isPublished = isSameFile(join(temporaryDir, DATABASE_FILE), join(dataDir, DATABASE_FILE));
    if (isPublished) for (const file of SQLITE_DEMO_FILES) moveIfPresent(join(temporaryDir, file), join(dataDir, file));
    const modifiedAtMs = statSync(temporaryDir, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (isPublished || modifiedAtMs < Date.now() - ABANDONED_MS) rmSync(temporaryDir, { recursive: true, force: true });
  }
}

function writeFiles(config: Config, folder: string, demo: Demo): void {
  const files = demoFiles(config);
  write(folder, files.demo, demo);
  write(folder, files.login, loginRequest(demo));
  write(folder, files.hooks, demoHooks(demo.project_id));
}

function write(folder: string, file: string, value: object): void {
  writeFileSync(join(folder, file), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true });
}

function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && second !== undefined && first.dev === second.dev && first.ino === second.ino;
}

function moveIfPresent(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The body of POST /v3/auth/tokens for the creator. */
function loginRequest({ project_id, users: [creator] }: Demo): object {
  const user = { name: creator?.name, password: creator?.password, domain: { name: creator?.domain_name } };
  return {
    auth: { identity: { methods: ['password'], password: { user } }, scope: { project: { id: project_id } } },
  };
}

async function createDemoData({ accounts, authority, config, store }: Services): Promise<Demo> {
  const { project } = await accounts.createProject(config.region, 'demo');
  const users = await Promise.all(
    USERS.map(async ({ name, role }) => {
      const user = await accounts.createUser(project.projectId, name, role);
      return { ...user, ...(await accounts.createAccessKey(user.user_id)) };
    }),
  );
  for (const user of users) await store.mappings.put(demoMapping(user));
  const [creator, grantee] = users as [DemoUser, DemoUser];
  const contextOf = (action: string): RequestContext => ({
    caller: {
      userId: creator.user_id,
      domainId: creator.domain_id,
      projectId: project.projectId,
      roles: [creator.role],
    },
    projectId: project.projectId,
    channel: 'admin',
    requestId: randomUUID(),
    action,
    body: new Uint8Array(),
  });

  const keys: Demo['keys'] = [];
  for (const alias of ALIASES) {
    const keyFields = { alias, description: 'demo', keySpec: 'AES_256', keyUsage: 'ENCRYPT_DECRYPT' };
    const key = await authority.createKey(contextOf('create-key'), keyFields);
    keys.push({ key_id: key.keyId, key_alias: alias });
  }
  const grants: Demo['grants'] = [];
  for (const { alias, name, operations } of GRANTS) {
    const key_id = keys.find((key) => key.key_alias === alias)?.key_id ?? '';
    const { grant_id } = await authority.createGrant(contextOf('create-grant'), {
      keyId: key_id,
      grantee: grantee.user_id,
      granteeType: 'user',
      operations,
      name,
    });
    grants.push({ key_id, grant_id });
  }
  return { project_id: project.projectId, region: config.region, users, keys, grants };
}
