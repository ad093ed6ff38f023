import type { PageRequest } from '../domain/model.ts';
import { LIMIT_MAX, type Marker } from './fields.ts';

/** The page that a list request asks for: from the start, and as much as allowed, unless it says otherwise. */
export function pageRequestOf({
  limit = LIMIT_MAX,
  marker = {},
}: {
  limit?: number | undefined;
  marker?: Marker | undefined;
}): PageRequest {
  return { limit, ...marker };
}
