import { comparedForm, type ProvisionedUser } from '../domain/provisioned.ts';
import type { ScimStore } from '../store/store.ts';

interface Selection {
  /** The id, the user name in any case, or the external id of the only users to return. */
  identity?: string | undefined;
  /** The id of the last user of the page before. */
  after?: string | undefined;
  limit: number;
}

/** Lists the users of a source by age. @returns the page, and the marker of the next one if there is one */
export async function findUsers(
  scim: ScimStore,
  source: string,
  { identity, after, limit }: Selection,
): Promise<{ page: ProvisionedUser[]; next: string | undefined }> {
  if (identity !== undefined) return { page: await usersKnownAs(scim, source, identity), next: undefined };
  const users = await scim.listAfter(source, 'User', after, limit + 1);
  const page = users.slice(0, limit);
  return { page, next: users.length > page.length ? page.at(-1)?.id : undefined };
}

async function usersKnownAs(scim: ScimStore, source: string, identity: string): Promise<ProvisionedUser[]> {
  const found = await Promise.all([
    scim.find(source, 'User', identity),
    scim.findBy(source, 'User', 'name', comparedForm('name', identity)),
    scim.findBy(source, 'User', 'externalId', identity),
  ]);
  const users = found.filter((user) => user !== undefined);
  return [...new Map(users.map((user) => [user.id, user])).values()];
}
