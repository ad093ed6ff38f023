/** Users of whom the callers of a project may know more than an id. */
import type { User } from '../domain/directory.ts';
import type { DirectoryStore } from '../store/store.ts';

export interface Members {
  /** Undefined where an external IAM has the projects. */
  domainId: string | undefined;
  /** @returns undefined for an unknown user and, after the same reads, for one who is hidden */
  byId(userId: string): Promise<User | undefined>;
  /** Finds only users of the project's domain: in another one, the same name is that of someone else. */
  byName(name: string): Promise<User | undefined>;
}

/** Reads the users who belong to the project's domain or have a role in the project; any other user is hidden. */
export async function membersOf(directory: DirectoryStore, projectId: string): Promise<Members> {
  const domainId = (await directory.project(projectId))?.domainId;
  return {
    domainId,
    async byId(userId) {
      const [user, roles] = await Promise.all([directory.user(userId), directory.rolesOf(userId, projectId)]);
      return user && (roles.length > 0 || user.domainId === domainId) ? user : undefined;
    },
    byName: async (name) => (domainId === undefined ? undefined : directory.userByName(domainId, name)),
  };
}
