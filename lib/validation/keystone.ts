/** Checks of requests to the APIs in Keystone's form, which fail with Keystone.400. */
import * as z from 'zod/mini';
import { KmsError } from '../errors.ts';
import type { SignableRequest } from '../signing/signed-request.ts';
import { parseBody } from './json-body.ts';

const LIMIT_MAX = 1000;

/**
 * Parses a body that may have no other field, at any depth: an ignored one would be a change that did not happen.
 * @param detail what to send
 * @throws KmsError Keystone.400
 */
export function parseStrictBody<T extends z.core.$ZodType>(
  { body }: Pick<SignableRequest, 'body'>,
  schema: T,
  detail: string,
): z.output<T> {
  const { success, data } = z.safeParse(schema, parseBody(body, 'Keystone.400'));
  if (!success) throw new KmsError('Keystone.400', { detail });
  return data as z.output<T>;
}

/**
 * Returns the page of a list that the query asks for, and the links of the reply. `limit` is the size of the page, at
 * most 1000, and `marker` the id of the last item of the page before.
 * Source: OpenStack Identity API v3, "Pagination".
 * @throws KmsError Keystone.400 for an invalid `limit` or an unknown `marker`
 */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  { path, query }: Pick<SignableRequest, 'path' | 'query'>,
) {
  const params = new URLSearchParams(query);
  const limitText = params.get('limit') || String(LIMIT_MAX);
  const marker = params.get('marker') || undefined;
  const limit = /^\d+$/.test(limitText) ? Math.min(Number(limitText), LIMIT_MAX) : 0;
  if (limit === 0) throw new KmsError('Keystone.400', { detail: 'limit must be a whole number above 0.' });
  const start = marker === undefined ? 0 : items.findIndex((item) => idOf(item) === marker) + 1;
  if (marker !== undefined && start === 0)
    throw new KmsError('Keystone.400', { detail: 'marker must be the id of the last item of the page before.' });
  const page = items.slice(start, start + limit);
  const last = page.at(-1);
  const hasMore = last !== undefined && start + limit < items.length;
  if (hasMore) params.set('marker', idOf(last));
  return { page, links: { self: path, next: hasMore ? `${path}?${params}` : null, previous: null } };
}
