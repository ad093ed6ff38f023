/** The demo project of a first start: something to list and revoke at once, with credentials made at random. */

import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Act } from '../lib/authority/authority.ts';
import type { Config } from '../lib/config.ts';
import { DATABASE_FILE, ensureRootKey, linkIfAbsent, ROOT_KEY_FILE } from '../lib/data-dir.ts';
import { openServices, type Services } from '../lib/services.ts';
import type { Operation } from '../lib/store/store.ts';

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

const FILE = 'demo.json';
const ASIDE = 'first-start';

/** The demo's credentials, if this data folder has a demo. */
export function readDemo(dataDir: string): Demo | undefined {
  const path = join(dataDir, FILE);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Demo) : undefined;
}

/** Takes away what a first start that was cut off left: its folder aside, and credentials of a demo that never came. */
export function removeRemains(dataDir: string, isFirst: boolean): void {
  rmSync(join(dataDir, ASIDE), { recursive: true, force: true });
  if (isFirst) rmSync(join(dataDir, FILE), { force: true });
}

/**
 * Fills a data folder that has no database yet. All is made in a folder aside, and the database is moved in last, so
 * that a start that is cut off leaves nothing behind for the next one.
 * @returns undefined when another process has made a database meanwhile: that one stays, and there is no demo
 */
export async function createDemo(config: Config): Promise<Demo | undefined> {
  const { dataDir } = config;
  removeRemains(dataDir, true);
  const aside = join(dataDir, ASIDE);
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  // The folder's own root key, so that what is sealed aside opens where it ends up.
  ensureRootKey(dataDir);
  linkIfAbsent(join(dataDir, ROOT_KEY_FILE), join(aside, ROOT_KEY_FILE));
  const services = openServices({ ...config, dataDir: aside });
  const demo = await fill(services);
  await services.store.close();
  writeFileSync(join(aside, FILE), `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(join(aside, FILE), join(dataDir, FILE));
  const isOurs = linkIfAbsent(join(aside, DATABASE_FILE), join(dataDir, DATABASE_FILE));
  if (!isOurs) rmSync(join(dataDir, FILE));
  rmSync(aside, { recursive: true });
  return isOurs ? demo : undefined;
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
  const actOf = (operation: string): Act => ({
    caller: {
      userId: creator.user_id,
      domainId: creator.domain_id,
      projectId: project.projectId,
      roles: [creator.role],
    },
    projectId: project.projectId,
    door: 'admin',
    requestId: randomUUID(),
    operation,
    body: new Uint8Array(),
  });

  const keys: Demo['keys'] = [];
  for (const alias of ALIASES) {
    const ask = { alias, description: 'demo', keySpec: 'AES_256', keyUsage: 'ENCRYPT_DECRYPT' };
    const key = await authority.createKey(actOf('create-key'), ask);
    keys.push({ key_id: key.keyId, key_alias: alias });
  }
  const grants: Demo['grants'] = [];
  for (const { alias, name, operations } of GRANTS) {
    const key_id = keys.find((key) => key.key_alias === alias)?.key_id ?? '';
    const { grant_id } = await authority.createGrant(actOf('create-grant'), {
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
