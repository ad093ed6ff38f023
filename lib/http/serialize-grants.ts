import type { GrantPage } from '../domain/model.ts';
import { Reply } from './reply.ts';

/** What tells a client whether to go on. Strings, as documented: some clients break on a JSON boolean. */
export function pageFields({ next, total }: { next?: string | undefined; total?: number }) {
  return { next_marker: next ?? '', truncated: next === undefined ? 'false' : 'true', total };
}

/** Replies by page: a page that is answered again is not printed again. */
const replies = new WeakMap<GrantPage, Reply>();

/** The reply of the APIs that list grants. The grants are JSON already. */
export function grantsReply(page: GrantPage): Reply {
  const known = replies.get(page);
  if (known) return known;
  const reply = new Reply(`{"grants":${page.json},${JSON.stringify(pageFields(page)).slice(1)}`);
  replies.set(page, reply);
  return reply;
}
