/** Reading the lists of the upstream. One key, row or page that cannot be read does not hide the others. */
import type * as z from 'zod/mini';
import type { Grant, GrantPage, GrantRef } from '../../domain/model.ts';
import type { RequestContext } from '../../domain/request-context.ts';
import { isUnknownKey, knownError } from '../../errors.ts';
import { mapWithConcurrency } from '../../util/concurrency.ts';
import type { KeyGrants } from './access-rules.ts';
import { allPages, failuresOf, type UnreadableRow, type UpstreamPage } from './pages.ts';
import { grantPage, keyPage } from './response-schemas.ts';

/** Calls an API that changes nothing. @throws KmsError */
export type Read = <T extends z.core.$ZodType>(
  context: RequestContext,
  api: string,
  fields: object,
  answer: T,
) => Promise<z.output<T>>;

/** The grants on all keys of a project. */
export type ProjectGrants = KeyGrants & Pick<GrantPage, 'isUnread'>;

/** Keys whose grants are listed at the same time; the rate limit applies as well. */
const CONCURRENT_LISTS = 32;

export function upstreamLists(read: Read) {
  /** Rows about another key, as from a wrong cache, count as unreadable. */
  const grantsOfKey =
    (context: RequestContext, keyId: string) =>
    async (fields: object): Promise<UpstreamPage<Grant>> => {
      const page = await read(context, 'list-grants', { key_id: keyId, ...fields }, grantPage);
      const rows = page.rows.filter(({ key_id }) => key_id === keyId);
      const others = page.rows.length - rows.length;
      const foreign = Array.from({ length: others }, () => ({ keyId, grantId: '', grantee: undefined }));
      return { ...page, rows, unreadable: [...page.unreadable, ...foreign] };
    };
  const retirableGrants = (context: RequestContext) => (fields: object) =>
    read(context, 'list-retirable-grants', fields, grantPage);

  /**
   * @param grantee leaves out rows that are unreadable but certainly about another grantee
   * @throws KmsError when not even the first page can be read
   */
  async function allGrants(context: RequestContext, keyId: string, grantee?: string): Promise<KeyGrants> {
    const { rows, unreadable, error } = await allPages(grantsOfKey(context, keyId));
    const isRelevant = (row: UnreadableRow) => grantee === undefined || (row.grantee ?? grantee) === grantee;
    const failed = failuresOf(unreadable.filter(isRelevant), keyId);
    if (error) failed.push({ keyId, grantId: '', error });
    return { grants: uniqueById(rows), failed };
  }

  /**
   * The documented API cannot read one grant, so the grants of its key are listed.
   * @throws KmsError when the key does not exist, or its grants cannot be read
   */
  async function isListed(context: RequestContext, { key_id, grant_id }: GrantRef): Promise<boolean> {
    const { grants, failed } = await allGrants(context, key_id);
    if (grants.some((grant) => grant.grant_id === grant_id)) return true;
    const [failure] = failed.filter(({ grantId }) => grantId === '' || grantId === grant_id);
    if (failure) throw failure.error;
    return false;
  }

  /**
   * The documented API cannot list by grantee or issuer, so the grants of every key are listed.
   * @throws KmsError when the keys cannot be listed
   */
  async function grantsOfProject(context: RequestContext, grantee: string): Promise<ProjectGrants> {
    // Nothing can be listed without the keys, so this list may take the time of the whole request.
    const unlimited = { ...context, deadlineMs: undefined };
    const listKeys = (fields: object) => read(unlimited, 'list-keys', { key_spec: 'ALL', ...fields }, keyPage);
    const keys = await allPages(listKeys);
    const keyIds = [...new Set(keys.rows.map(({ key_id }) => key_id))];
    const lists = await mapWithConcurrency(keyIds, CONCURRENT_LISTS, async (keyId): Promise<KeyGrants> => {
      try {
        return await allGrants(context, keyId, grantee);
      } catch (cause) {
        const error = knownError(cause);
        // A key that was deleted after it was listed has no grants.
        const failed = isUnknownKey(error) ? [] : [{ keyId, grantId: '', error }];
        return { grants: [], failed };
      }
    });
    const failed = [...failuresOf(keys.unreadable), ...lists.flatMap((list) => list.failed)];
    if (keys.error) failed.push({ keyId: '', grantId: '', error: keys.error });
    const isUnread = lists.length > 0 && lists.every((list) => list.grants.length === 0 && list.failed.length > 0);
    return { grants: sortedById(lists.flatMap(({ grants }) => grants)), failed, isUnread };
  }

  /** All grants that the caller may retire, as the upstream sees the caller. @throws as allGrants */
  async function allRetirableGrants(context: RequestContext): Promise<KeyGrants> {
    const { rows, unreadable, error } = await allPages(retirableGrants(context));
    const failed = failuresOf(unreadable);
    if (error) failed.push({ keyId: '', grantId: '', error });
    return { grants: uniqueById(rows), failed };
  }

  return { grantsOfKey, retirableGrants, allGrants, allRetirableGrants, isListed, grantsOfProject };
}

/** The pages of a list may overlap. */
function uniqueById(grants: readonly Grant[]): Grant[] {
  return [...new Map(grants.map((grant) => [`${grant.key_id} ${grant.grant_id}`, grant])).values()];
}

function sortedById(grants: readonly Grant[]): Grant[] {
  return uniqueById(grants).sort((one, other) => (one.grant_id < other.grant_id ? -1 : 1));
}
