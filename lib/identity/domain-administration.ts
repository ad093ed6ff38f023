/** What an administrator may see and change in the embedded directory: users and access keys of one domain. */
import type { ListedAccessKey, User } from '../domain/directory.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { KmsError } from '../errors.ts';
import type { DirectoryStore } from '../store/store.ts';
import { logDirectoryChange } from './log-directory-change.ts';

export interface DomainAdministration {
  /**
   * By name. Without `name` it reads the users of all domains, because the stores have no list by domain.
   * @param name only the user of this name
   */
  users(name?: string): Promise<User[]>;
  user(userId: string): Promise<User>;
  /** Disabling a user revokes its tokens. @throws KmsError Keystone.400 if the caller would disable themself */
  setUserEnabled(userId: string, enabled: boolean): Promise<User>;
  /**
   * By age. It reads the access keys and, without `userId`, the users of all domains.
   * @param userId only the access keys of this user
   */
  accessKeys(userId?: string): Promise<ListedAccessKey[]>;
  /**
   * @param signingKey the access key that signed the request, if one did
   * @throws KmsError Keystone.400 if the request would disable its own access key
   */
  setAccessKeyEnabled(accessKey: string, enabled: boolean, signingKey?: string): Promise<ListedAccessKey>;
}

const notFound = () => new KmsError('Keystone.404:resource');

/**
 * Administers the domain of the caller's project. What is absent and what belongs to another domain fail alike, with
 * KmsError Keystone.404:resource. Each change writes a log line: events are about keys and grants only.
 */
export function domainAdministration(directory: DirectoryStore, context: RequestContext): DomainAdministration {
  const { caller, projectId } = context;

  /** The caller's roles count in the domain of the project, which need not be the caller's own. */
  async function ownDomainId(): Promise<string> {
    const project = await directory.project(projectId);
    if (!project) throw notFound();
    return project.domainId;
  }

  async function user(userId: string): Promise<User> {
    const domainId = await ownDomainId();
    const found = await directory.user(userId);
    if (found?.domainId !== domainId) throw notFound();
    return found;
  }

  async function users(name?: string): Promise<User[]> {
    const domainId = await ownDomainId();
    if (name === undefined) return (await directory.users()).filter((found) => found.domainId === domainId);
    const found = await directory.userByName(domainId, name);
    return found ? [found] : [];
  }

  return {
    users,
    user,
    async setUserEnabled(userId, enabled) {
      const found = await user(userId);
      if (!enabled && userId === caller.userId)
        throw new KmsError('Keystone.400', { detail: 'You cannot disable yourself; another administrator can.' });
      if (!(await directory.setUserEnabled(userId, enabled))) throw notFound();
      logDirectoryChange(context, enabled ? 'enable-user' : 'disable-user', { user_id: userId });
      return { ...found, enabled };
    },
    async accessKeys(userId) {
      const owners = userId === undefined ? await users() : [await user(userId)];
      const ids = new Set(owners.map((owner) => owner.userId));
      return (await directory.accessKeys()).filter((key) => ids.has(key.userId));
    },
    async setAccessKeyEnabled(accessKey, enabled, signingKey) {
      const stored = await directory.accessKey(accessKey);
      // An unknown access key takes as many reads as one of another domain, so that the response time tells neither.
      await user(stored?.userId ?? 'nobody');
      if (!stored) throw notFound();
      if (!enabled && accessKey === signingKey)
        throw new KmsError('Keystone.400', {
          detail: 'The access key that signs the request cannot be disabled by it.',
        });
      // Only the list has the time of creation, which the reply shows.
      const listed = (await directory.accessKeys()).find((key) => key.accessKey === accessKey);
      if (!listed || !(await directory.setAccessKeyEnabled(accessKey, enabled))) throw notFound();
      logDirectoryChange(context, enabled ? 'enable-access-key' : 'disable-access-key', {
        access_key: accessKey,
        user_id: stored.userId,
      });
      return { ...listed, enabled };
    },
  };
}
