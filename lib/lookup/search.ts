/** Finds what a text names in one project: a principal, a key, a grant or a job. */
import type { Authority } from '../authority/authority.ts';
import { isKeyUnread } from '../authority/bulk-revoke.ts';
import { aliasOf, keyIdOf, keyStateOf } from '../authority/project-lists.ts';
import { GRANT_ID_PATTERN, KEY_ID_PATTERN } from '../domain/ids.ts';
import { isJobAboutProject } from '../domain/job.ts';
import type { ListedKey, ListFailure } from '../domain/model.ts';
import type { RequestContext } from '../domain/request-context.ts';
import { isUnknownKey, KmsError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { HooksSettings } from '../webhooks/hooks.ts';
import { type GrantReader, indexedReader, listingReader } from './grant-reader.ts';
import { CLOSENESS, type RankedMatch } from './match.ts';
import { findPrincipals } from './principals.ts';

interface SearchServices {
  authority: Authority;
  config: HooksSettings;
  store: Pick<Store, 'directory' | 'events' | 'grants' | 'jobs' | 'mappings'>;
}

const MATCHES_MAX = 20;
const JOB_ID_PATTERN = /^[0-9a-f]{32}$/;

/**
 * @returns the matches, exact ids first, and what could not be read: it may hide further matches
 * @throws KmsError when there is no match and the keys, or the grants of every key, could not be read
 */
export async function search({ authority, config, store }: SearchServices, context: RequestContext, query: string) {
  const reader = config.upstream ? listingReader(authority, context) : indexedReader(authority, store.grants, context);
  const results = await Promise.allSettled([
    findPrincipals({ config, store }, reader, context.projectId, query),
    findKeys(authority, reader, context, query),
    findGrant(store, reader, context.projectId, query),
    findJob(store, context.projectId, query),
  ]);
  const found = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  // Two parts of the search may fail for the same reason.
  const unread = [...new Map(results.flatMap(refusalOf).map((error) => [error.message, error])).values()];
  const failed: ListFailure[] = [...reader.failed(), ...unread.map((error) => ({ keyId: '', grantId: '', error }))];
  const [failure] = failed;
  if (found.length === 0 && failure && (unread.length > 0 || reader.isUnread())) throw failure.error;
  const matches = found.sort((one, other) => one.closeness - other.closeness).map(({ match }) => match);
  return { matches: matches.slice(0, MATCHES_MAX), failed };
}

/** @throws the reason, if it is not an answer of the store or of the upstream */
function refusalOf(result: PromiseSettledResult<unknown>): KmsError[] {
  if (result.status === 'fulfilled') return [];
  if (result.reason instanceof KmsError) return [result.reason];
  throw result.reason;
}

async function findKeys(
  authority: Pick<Authority, 'describeKey'>,
  reader: GrantReader,
  context: RequestContext,
  query: string,
): Promise<RankedMatch[]> {
  const keyId = query.toLowerCase();
  if (KEY_ID_PATTERN.test(keyId)) {
    try {
      return [keyMatch(await authority.describeKey(context, keyId), CLOSENESS.id)];
    } catch (error) {
      if (!isUnknownKey(error)) throw error;
    }
  }
  const keys = await reader.keys();
  const named = keys.filter((key) => aliasOf(key) === query);
  if (named.length > 0) return named.map((key) => keyMatch(key, CLOSENESS.name));
  const beginning = query.toLowerCase();
  return keys
    .filter((key) => aliasOf(key)?.toLowerCase().startsWith(beginning))
    .map((key) => keyMatch(key, CLOSENESS.beginning));
}

const keyMatch = (key: ListedKey, closeness: number): RankedMatch => ({
  closeness,
  match: { type: 'key', key_id: keyIdOf(key), key_alias: aliasOf(key), key_state: keyStateOf(key) },
});

async function findGrant(
  { events }: Pick<Store, 'events'>,
  reader: GrantReader,
  projectId: string,
  query: string,
): Promise<RankedMatch[]> {
  if (!GRANT_ID_PATTERN.test(query)) return [];
  const grantId = query.toLowerCase();
  // The receipts first: a grant created after this read is found by the next one.
  const [event] = await events.list(projectId, { grantId }, 1);
  const grant = await reader.grant(grantId);
  const keyId = grant?.key_id ?? event?.keyId;
  // The list that could not be read may have the grant.
  if (keyId === undefined || (!grant && isKeyUnread(reader.failed(), keyId))) return [];
  const grantee = (grant ?? event?.grant)?.grantee_principal;
  const ids = { key_id: keyId, grant_id: grantId, grantee_principal: grantee };
  return [{ closeness: CLOSENESS.id, match: { type: 'grant', ...ids, exists: grant !== undefined } }];
}

async function findJob({ jobs }: Pick<Store, 'jobs'>, projectId: string, query: string): Promise<RankedMatch[]> {
  const jobId = query.toLowerCase();
  if (!JOB_ID_PATTERN.test(jobId)) return [];
  const job = await jobs.job(jobId);
  if (!job || !isJobAboutProject(job, projectId)) return [];
  return [{ closeness: CLOSENESS.id, match: { type: 'job', job_id: jobId, state: job.state } }];
}
