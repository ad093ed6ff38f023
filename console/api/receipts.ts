/** Receipts: their addresses, filters and the whole list of a filter. */
import type { EventPage, GrantEvent } from './types.ts';

const EVENT_ID = /^[0-9a-f]{32}$/;

/**
 * Returns the marker before which the event is the first of the list, which has the newest first. An id is a number of
 * 32 hexadecimal digits, so this is id + 1.
 * @returns undefined if no event can have the id
 */
export function markerBefore(eventId: string): string | undefined {
  const id = eventId.toLowerCase();
  if (!EVENT_ID.test(id)) return undefined;
  const next = (BigInt(`0x${id}`) + 1n).toString(16).padStart(32, '0');
  return EVENT_ID.test(next) ? next : undefined;
}

export interface ReceiptFilter {
  key_id?: string;
  grant_id?: string;
  grantee_principal?: string;
}

/** The names of the filters in addresses. */
export const FILTERS = [
  ['person', 'grantee_principal'],
  ['key', 'key_id'],
  ['grant', 'grant_id'],
] as const satisfies readonly (readonly [string, keyof ReceiptFilter])[];

export function filterOf(params: URLSearchParams): ReceiptFilter {
  const set = FILTERS.map(([name, field]) => [field, params.get(name)?.trim() ?? ''] as const);
  return Object.fromEntries(set.filter(([, value]) => value !== ''));
}

/** Returns the address of the receipts with the filter. */
export function receiptsPath(filter: ReceiptFilter): string {
  const set = FILTERS.flatMap(([name, field]): [string, string][] => (filter[field] ? [[name, filter[field]]] : []));
  return set.length === 0 ? '/receipts' : `/receipts?${new URLSearchParams(set)}`;
}

/** Whether `request_id` is the id of a job. Source: docs/api.md, list-grant-events. */
export const isOfJob = ({ channel, action }: Pick<GrantEvent, 'channel' | 'action'>): boolean =>
  action === 'create-revocation-job' || !['http', 'deletion', 'admin'].includes(channel);

/** An export ends here: more would not fit into the memory of a page. */
export const EXPORT_MAX = 50_000;

export interface AllReceipts {
  events: GrantEvent[];
  /** Whether there are more than were read. */
  isCut: boolean;
}

/**
 * Reads all pages of a list.
 * @param readPage returns the page that starts at the marker; "" is the first one
 * @param onProgress is told how many receipts have been read
 */
export async function readAll(
  readPage: (marker: string) => Promise<EventPage>,
  onProgress: (read: number) => void,
  max = EXPORT_MAX,
): Promise<AllReceipts> {
  const events: GrantEvent[] = [];
  let marker = '';
  for (;;) {
    const page = await readPage(marker);
    events.push(...page.events);
    const hasMore = page.truncated === 'true';
    if (events.length >= max) return { events: events.slice(0, max), isCut: hasMore || events.length > max };
    if (!hasMore) return { events, isCut: false };
    onProgress(events.length);
    marker = page.next_marker;
  }
}
