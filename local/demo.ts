/** The demo project of a first start: something to list and revoke at once, with credentials made at random. */

import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../lib/config.ts';
import type { Operation } from '../lib/domain/model.ts';
import type { RequestContext } from '../lib/domain/request-context.ts';
import type { Services } from '../lib/services.ts';
import { DATABASE_FILE, ensureRootKeys, linkIfAbsent, ROOT_KEY_FILE } from './data-dir.ts';
import { openServices } from './open-services.ts';

/** What `demo.json` holds. */
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
  { name: 'administrator', role: 'KMS Administrator' },
];

const ALIASES = ['orders', 'payroll'];

const GRANTS: { alias: string; name: string; operations: Operation[] }[] = [
  { alias: 'orders', name: 'orders-service', operations: ['encrypt-data', 'decrypt-data'] },
  { alias: 'orders', name: 'orders-archive', operations: ['create-datakey', 'decrypt-datakey', 'retire-grant'] },
  { alias: 'orders', name: 'orders-report', operations: ['describe-key', 'decrypt-data'] },
  { alias: 'payroll', name: 'payroll-service', operations: ['encrypt-data', 'decrypt-data', 'create-grant'] },
  { alias: 'payroll', name: 'payroll-audit', operations: ['describe-key'] },
];

export const DEMO_FILE = 'demo.json';
/** What the welcome's curl sends to log in: so that no password stands in a terminal or a log. */
export const LOGIN_FILE = 'demo-login.json';
/** What the folder of a start under way is called; six random characters follow. */
const ASIDE = 'first-start.';
/** A first start takes a second; a folder untouched for this long is nobody's. */
const ABANDONED_MS = 10 * 60 * 1000;

/**
 * Makes the demo on a first start: where there is no database yet, or nothing in a local table. Never on AWS, nor where
 * another KMS has the keys or another IAM the users.
 */
export async function createDemoOnFirstStart(config: Config): Promise<Demo | undefined> {
  if (config.upstream || config.keystone) return undefined;
  if (config.dynamodb) return config.dynamodb.endpoint ? fillTable(config) : undefined;
  return existsSync(join(config.dataDir, DATABASE_FILE)) ? undefined : createDemo(config);
}

async function fillTable(config: Config): Promise<Demo | undefined> {
  const services = await openServices(config);
  try {
    if ((await services.store.directory.projects()).length > 0) return undefined;
    const demo = await fill(services);
    write(config.dataDir, DEMO_FILE, demo);
    write(config.dataDir, LOGIN_FILE, loginOf(demo));
    return demo;
  } finally {
    await services.store.close();
  }
}

/**
 * Fills a data folder that has no database yet. All is made in a folder aside and published by giving the database its
 * name, so that of several starts one wins and a start that is cut off leaves nothing half-made.
 * @returns undefined when another process has made a database meanwhile: that one stays, and there is no demo
 */
async function createDemo(config: Config): Promise<Demo | undefined> {
  const { dataDir } = config;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const aside = mkdtempSync(join(dataDir, ASIDE));
  // The folder's own root key, so that what is sealed aside opens where it ends up.
  ensureRootKeys(dataDir);
  linkIfAbsent(join(dataDir, ROOT_KEY_FILE), join(aside, ROOT_KEY_FILE));
  const services = await openServices({ ...config, dataDir: aside });
  const demo = await fill(services);
  await services.store.close();
  write(aside, DEMO_FILE, demo);
  write(aside, LOGIN_FILE, loginOf(demo));
  const isOurs = linkIfAbsent(join(aside, DATABASE_FILE), join(dataDir, DATABASE_FILE));
  finishFirstStart(dataDir);
  rmSync(aside, { recursive: true, force: true });
  return isOurs ? demo : undefined;
}

/**
 * Ends what first starts have left: the credentials of the one that published its database are moved beside it, and its
 * folder and those long abandoned are taken away. Any process may do it, at any time.
 */
export function finishFirstStart(dataDir: string): void {
  for (const name of existsSync(dataDir) ? readdirSync(dataDir) : []) {
    if (!name.startsWith(ASIDE)) continue;
    const aside = join(dataDir, name);
    const isPublished = isSameFile(join(aside, DATABASE_FILE), join(dataDir, DATABASE_FILE));
    if (isPublished) for (const file of [DEMO_FILE, LOGIN_FILE]) moveIfThere(join(aside, file), join(dataDir, file));
    const touchedAtMs = statSync(aside, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (isPublished || touchedAtMs < Date.now() - ABANDONED_MS) rmSync(aside, { recursive: true, force: true });
  }
}

function write(folder: string, file: string, value: object): void {
  writeFileSync(join(folder, file), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true });
}

function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The creator's login, as POST /v3/auth/tokens takes it. */
function loginOf({ project_id, users: [creator] }: Demo): object {
  const user = { name: creator?.name, password: creator?.password, domain: { name: creator?.domain_name } };
  return {
    auth: { identity: { methods: ['password'], password: { user } }, scope: { project: { id: project_id } } },
  };
}

async function fill({ accounts, authority, config }: Services): Promise<Demo> {
  const { project } = await accounts.createProject(config.region, 'demo');
  const users = await Promise.all(
    USERS.map(async ({ name, role }) => {
      const user = await accounts.createUser(project.projectId, name, role);
      return { ...user, ...(await accounts.createAccessKey(user.user_id)) };
    }),
  );
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
    const ask = { alias, description: 'demo', keySpec: 'AES_256', keyUsage: 'ENCRYPT_DECRYPT' };
    const key = await authority.createKey(contextOf('create-key'), ask);
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
