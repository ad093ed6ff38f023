import { randomBytes } from 'node:crypto';
import type { Domain, Project } from '../domain/directory.ts';
import { PRINCIPAL_ID_PATTERN } from '../domain/ids.ts';
import type { DirectoryStore } from '../store/store.ts';
import { hashPassword } from './passwords.ts';
import { ROLES } from './roles.ts';
import type { RootKeys } from './root-keys.ts';
import { seal, unseal } from './seal.ts';

/** An account could not be created or changed. The admin command prints the message. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
}

export interface NewUser {
  user_id: string;
  name: string;
  role: string;
  domain_id: string;
  domain_name: string;
  /** Shown once; only its hash is stored. */
  password: string;
}

export interface NewAccessKey {
  access_key: string;
  /** Shown once; stored encrypted. */
  secret_key: string;
}

/** Creates and changes projects, users and access keys in the directory, for the demo and the admin command. */
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
     * Creates a project, and its domain if that does not exist.
     * @param projectId in upstream mode, the id of a project of the upstream
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
      const existing = await store.domainByName(domainName);
      const domain = existing ?? { domainId: newId(), name: domainName };
      const project = { projectId, domainId: domain.domainId, name };
      await addNew(
        () => store.projectByName(domain.domainId, name),
        () => store.addProject(project, existing ? undefined : domain),
        `domain ${domainName} already has a project ${name}`,
      );
      return { project, domain };
    },

    /**
     * Creates a user in the domain of the project.
     * @param userId in upstream mode, the id of a user of the upstream, as grants name it
     */
    async createUser(projectId: string, name: string, role: string, userId: string = newId()): Promise<NewUser> {
      assertName('user name', name);
      assertRole(role);
      assertId(userId);
      if (await store.user(userId)) throw new AccountError(`there is already a user ${userId}`);
      const project = await existingProject(projectId);
      const domain = await store.domain(project.domainId);
      const password = newPassword();
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

    /** Removes any role of the user, even one that the table of roles no longer has. */
    async removeRole(userId: string, projectId: string, role: string): Promise<void> {
      if (await store.removeRole(userId, projectId, role)) return;
      throw new AccountError(`user ${userId} has no role ${role} in project ${projectId}; see list-users`);
    },

    /** Replaces the password, and revokes the user's tokens. */
    async resetPassword(userId: string): Promise<{ user_id: string; password: string }> {
      const password = newPassword();
      if (await store.setPasswordHash(userId, await hashPassword(password))) return { user_id: userId, password };
      throw new AccountError(`there is no user ${userId}; see list-users`);
    },

    /** Deletes a user with its roles, access keys and tokens. Grants to it and keys that it created remain. */
    async deleteUser(userId: string): Promise<void> {
      if (await store.removeUser(userId)) return;
      throw new AccountError(`there is no user ${userId}; see list-users`);
    },

    async deleteAccessKey(accessKey: string): Promise<void> {
      if (await store.removeAccessKey(accessKey)) return;
      throw new AccountError(`there is no access key ${accessKey}; see list-access-keys`);
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
     * Encrypts every secret key again, with the newest root key.
     * @returns how many
     * @throws AccountError that names the access keys that failed; all others are resealed
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
      const reason = 'no root key decrypts them, or they changed meanwhile';
      throw new AccountError(`${all.length - failed.length} resealed; ${reason}: ${failed.join(', ')}`);
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

const newPassword = () => randomBytes(18).toString('base64url');

/** Returns 32 lower-case hex digits, like the ids that IAM issues. */
const newId = () => randomBytes(16).toString('hex');

/** Returns random characters. Skips bytes past the last multiple of the alphabet's length, which would favour some. */
function randomText(alphabet: string, length: number): string {
  const byteLimit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < byteLimit && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

/**
 * Adds a record whose id and name must be new. Of two concurrent calls, one fails with the message for an existing one.
 */
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
