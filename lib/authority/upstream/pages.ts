import type { Grant, GrantPage, ListFailure, PageRequest } from '../../domain/model.ts';
import { KmsError, knownError } from '../../errors.ts';

/** A page of a list of the upstream. */
export interface UpstreamPage<T> {
  rows: T[];
  unreadable: UnreadableRow[];
  /** Undefined where the upstream does not say it. */
  total: number | undefined;
  /** The marker of the next page; undefined on the last page. */
  next: string | undefined;
  /** Whether the list goes on although the page has no marker. */
  isCutOff: boolean;
}

/** A row in an unfamiliar form, with the values that could be read. */
export interface UnreadableRow {
  /** Empty if it is unreadable too. */
  keyId: string;
  /** Empty if it is unreadable too. */
  grantId: string;
  grantee: string | undefined;
}

/** The largest page that the documented API allows. Source: list-grants, `limit`. */
const LIMIT = 1000;
/** The documented quotas, 100 grants on each of 100 keys, fill ten pages; an upstream may send smaller pages. */
const PAGES_MAX = 200;

/** The fields that request a page from the upstream. */
export const pageRequestFields = ({ limit, after, offset }: PageRequest) => ({
  limit: String(Math.min(limit, LIMIT)),
  marker: after ?? (offset === undefined ? undefined : String(offset)),
});

const UNREADABLE_ROW = 'The upstream KMS lists a row that this service cannot read.';
const INCOMPLETE = 'The list of the upstream KMS is incomplete.';

/** @param keyId the key whose grants are listed; undefined for other lists */
export function failuresOf(unreadable: readonly UnreadableRow[], keyId?: string): ListFailure[] {
  const error = new KmsError('APIGW.0201:502', { detail: UNREADABLE_ROW });
  return unreadable.map((row) => ({ keyId: keyId ?? row.keyId, grantId: row.grantId, error }));
}

/** What is missing from a page: unreadable rows, and further rows if the page has no marker for them. */
export function failuresOfPage<T>({ unreadable, isCutOff }: UpstreamPage<T>, keyId?: string): ListFailure[] {
  const incomplete = isCutOff
    ? [{ keyId: keyId ?? '', grantId: '', error: incompleteList('a page has no marker') }]
    : [];
  return [...failuresOf(unreadable, keyId), ...incomplete];
}

/** Converts a page of the upstream into a page of this service, with the same rows and marker. */
export function grantPageOf(page: UpstreamPage<Grant>, keyId?: string): GrantPage {
  const { rows, total = rows.length, next } = page;
  return { json: JSON.stringify(rows), total, next, failed: failuresOfPage(page, keyId) };
}

/** All rows that could be read. `error` says why the list is incomplete. */
export interface WholeList<T> {
  rows: T[];
  unreadable: UnreadableRow[];
  error?: KmsError | undefined;
}

/**
 * Reads all pages of a list. Rows may occur twice: changes shift a list whose markers are offsets.
 * @throws KmsError when the first page cannot be read
 */
export async function allPages<T>(page: (fields: object) => Promise<UpstreamPage<T>>): Promise<WholeList<T>> {
  const [rows, unreadable, markers]: [T[], UnreadableRow[], Set<string>] = [[], [], new Set()];
  for (let marker: string | undefined; ; ) {
    let current: UpstreamPage<T>;
    try {
      current = await page({ limit: String(LIMIT), marker });
    } catch (error) {
      if (marker === undefined) throw error;
      return { rows, unreadable, error: knownError(error) };
    }
    rows.push(...current.rows);
    unreadable.push(...current.unreadable);
    if (current.isCutOff) return { rows, unreadable, error: incompleteList('a page has no marker') };
    marker = current.next;
    if (marker === undefined) return { rows, unreadable };
    const isRepeated = markers.has(marker);
    if (isRepeated || markers.size >= PAGES_MAX) {
      return { rows, unreadable, error: incompleteList(isRepeated ? 'a marker is repeated' : 'it does not end') };
    }
    markers.add(marker);
  }
}

function incompleteList(cause: string): KmsError {
  return new KmsError('APIGW.0201:502', { detail: INCOMPLETE, cause: new Error(`a list of the upstream: ${cause}`) });
}
