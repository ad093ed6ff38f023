import { type GrantPage, serializeFailures } from '../domain/model.ts';
import { Reply } from './reply.ts';

/**
 * The fields that show a client whether there is a next page. Strings, as documented: some clients fail on a boolean.
 */
export function pageFields({ next, total, failed = [] }: Partial<Pick<GrantPage, 'next' | 'total' | 'failed'>>) {
  return {
    next_marker: next ?? '',
    truncated: next === undefined ? 'false' : 'true',
    total,
    failed: failed.length > 0 ? serializeFailures(failed) : undefined,
  };
}

/** The reply of each cached page, so that it is serialized only once. */
const replies = new WeakMap<GrantPage, Reply>();

/** The reply of the APIs that list grants. The grants of a page are JSON text already. */
export function grantsReply(page: GrantPage): Reply {
  const cached = replies.get(page);
  if (cached) return cached;
  const reply = new Reply(`{"grants":${page.json},${JSON.stringify(pageFields(page)).slice(1)}`);
  replies.set(page, reply);
  return reply;
}
