import { Reply } from './endpoint.ts';
import { LIMIT_MAX, type Marker } from './fields.ts';
import type { GrantPage, PageRequest } from './store/store.ts';

/** The page that a list request asks for: from the start, and as much as allowed, unless it says otherwise. */
export function pageOf({
  limit = LIMIT_MAX,
  marker = {},
}: {
  limit?: number | undefined;
  marker?: Marker | undefined;
}): PageRequest {
  return { limit, ...marker };
}

/** What tells a client whether to go on. Strings, as documented: some clients break on a JSON boolean. */
export function pageEnd({ next, total }: { next?: string | undefined; total?: number }) {
  return { next_marker: next ?? '', truncated: next === undefined ? 'false' : 'true', total };
}

/** Replies by page: a page that is answered again is not printed again. */
const replies = new WeakMap<GrantPage, Reply>();

/** The reply of the APIs that list grants. The grants are JSON already. */
export function grantsReply(page: GrantPage): Reply {
  const known = replies.get(page);
  if (known) return known;
  const reply = new Reply(`{"grants":${page.json},${JSON.stringify(pageEnd(page)).slice(1)}`);
  replies.set(page, reply);
  return reply;
}
