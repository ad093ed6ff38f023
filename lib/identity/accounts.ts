import { randomBytes } from 'node:crypto';
import type { Domain, Project } from '../domain/directory.ts';
import { PRINCIPAL_ID_PATTERN } from '../domain/ids.ts';
import type { DirectoryStore } from '../store/store.ts';
import { hashPassword } from './passwords.ts';
import { ROLES } from './roles.ts';
import type { RootKeys } from './root-keys.ts';
import { seal, unseal } from './seal.ts';

/** Why an account could not be made or changed; the message is for the person at the keyboard. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
}

export interface NewUser {
  user_id: string;
  name: string;
  role: string;
  domain_id: string;
  domain_name: string;
  /** Told once; only its hash is kept. */
  password: string;
}

export interface NewAccessKey {
  access_key: string;
  /** Told once; kept sealed. */
  secret_key: string;
}

/** Makes and disables projects, users and access keys: the demo's and the admin command's way into the directory. */
export function accounts(store: DirectoryStore, { rootKeys, now }: { rootKeys: RootKeys; now: () => number }) {
  async function existingProject(projectId: string): Promise<Project> {
    const project = await store.project(projectId);
    if (!project) throw new AccountError(`there is no project ${projectId}; see list-projects`);
    return project;
  }

  async function reseal(keys: readonly Uint8Array[], accessKey: string, sealed: Uint8Array): Promise<boolean> {
    const secretKey = unseal(keys, sealed, accessKey);
    return store.setSealedSecret(accessKey, sealed, seal(keys[0] as Uint8Array, secretKey, accessKey));
  }

  return {
    /**
     * Makes the domain too when it is new.
     * @param projectId that of a project at the KMS behind this service, where there is one
     */
    async createProject(
      name: string,
      domainName: string,
      projectId: string = newId(),
    ): Promise<{ project: Project; domain: Domain }> {
      assertName('project name', name);
      assertName('domain name', domainName);
      assertId(projectId);
      if (await store.project(projectId)) throw new AccountError(`there is already a project ${projectId}`);
      const known = await store.domainByName(domainName);
      const domain = known ?? { domainId: newId(), name: domainName };
      const project = { projectId, domainId: domain.domainId, name };
      await addNew(
        () => store.projectByName(domain.domainId, name),
        () => store.addProject(project, known ? undefined : domain),
        `domain ${domainName} already has a project ${name}`,
      );
      return { project, domain };
    },

    /**
     * The user belongs to the project's domain.
     * @param userId that of a user at the KMS behind this service, where grants name it
     */
    async createUser(projectId: string, name: string, role: string, userId: string = newId()): Promise<NewUser> {
      assertName('user name', name);
      assertRole(role);
      assertId(userId);
      if (await store.user(userId)) throw new AccountError(`there is already a user ${userId}`);
      const project = await existingProject(projectId);
      const domain = await store.domain(project.domainId);
      const password = randomBytes(18).toString('base64url');
      const passwordHash = await hashPassword(password);
      const user = { userId, domainId: project.domainId, name };
      await addNew(
        () => store.userByName(project.domainId, name),
        () => store.addUser({ ...user, passwordHash, enabled: true }, { projectId, role }),
        `there is already a user ${name} in this domain; add-role gives it a role in a project`,
      );
      return {
        user_id: user.userId,
        name,
        role,
        domain_id: user.domainId,
        domain_name: domain?.name ?? '',
        password,
      };
    },

    async addRole(userId: string, projectId: string, role: string): Promise<void> {
      assertRole(role);
      await existingProject(projectId);
      if (!(await store.user(userId))) throw new AccountError(`there is no user ${userId}; see list-users`);
      await store.addRole(userId, projectId, role);
    },

    /** Any role that the user has, also one that the table of roles no longer knows. */
    async removeRole(userId: string, projectId: string, role: string): Promise<void> {
      if (await store.removeRole(userId, projectId, role)) return;
      throw new AccountError(`user ${userId} has no role ${role} in project ${projectId}; see list-users`);
    },

    async createAccessKey(userId: string): Promise<NewAccessKey> {
      if (!(await store.user(userId))) throw new AccountError(`there is no user ${userId}; see list-users`);
      const accessKey = randomText(UPPER, 20);
      const secretKey = randomText(ALPHANUMERIC, 40);
      const [newest] = await rootKeys();
      const sealedSecret = seal(newest as Uint8Array, secretKey, accessKey);
      await store.addAccessKey({ accessKey, userId, sealedSecret, enabled: true }, now());
      return { access_key: accessKey, secret_key: secretKey };
    },

    /**
     * Seals every secret key anew, under the newest root key.
     * @returns how many
     * @throws AccountError that names those that could not be; all others are resealed
     */
    async resealAccessKeys(): Promise<number> {
      const keys = await rootKeys();
      const all = await store.accessKeys();
      const failed: string[] = [];
      for (const { accessKey, sealedSecret } of all) {
        const isResealed = await reseal(keys, accessKey, sealedSecret).catch(() => false);
        if (!isResealed) failed.push(accessKey);
      }
      if (failed.length === 0) return all.length;
      throw new AccountError(
        `${all.length - failed.length} resealed; these open with none of the root keys, or changed meanwhile: ${failed.join(', ')}`,
      );
    },

    async setUserEnabled(userId: string, enabled: boolean): Promise<void> {
      if (await store.setUserEnabled(userId, enabled)) return;
      throw new AccountError(`there is no user ${userId}; see list-users`);
    },

    async setAccessKeyEnabled(accessKey: string, enabled: boolean): Promise<void> {
      if (await store.setAccessKeyEnabled(accessKey, enabled)) return;
      throw new AccountError(`there is no access key ${accessKey}; see list-access-keys`);
    },
  };
}

export type Accounts = ReturnType<typeof accounts>;

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const ALPHANUMERIC = `${UPPER}abcdefghijklmnopqrstuvwxyz`;

/** 32 lower-case hex, as the cloud's ids of users, domains and projects. */
const newId = () => randomBytes(16).toString('hex');

/** Bytes past the last whole multiple of the alphabet are thrown away, so that every character is equally likely. */
function randomText(alphabet: string, length: number): string {
  const fair = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < fair && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

/** Adds what must be new; when two are at it at once, one of them gets the refusal too. */
async function addNew(find: () => Promise<unknown>, add: () => Promise<void>, refusal: string): Promise<void> {
  if (await find()) throw new AccountError(refusal);
  try {
    await add();
  } catch (error) {
    throw (await find()) ? new AccountError(refusal, { cause: error }) : error;
  }
}

function assertName(what: string, name: string): void {
  if (!/^[\w.@-]{1,64}$/.test(name)) {
    throw new AccountError(`the ${what} must be 1 to 64 letters, digits or . _ @ -`);
  }
}

function assertId(id: string): void {
  if (!PRINCIPAL_ID_PATTERN.test(id)) throw new AccountError('the id must be 1 to 64 letters and digits');
}

function assertRole(role: string): void {
  if (!ROLES.has(role)) throw new AccountError(`unknown role; one of: ${[...ROLES.keys()].join(', ')}`);
}
