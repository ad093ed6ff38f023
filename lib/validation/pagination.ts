import type { PageRequest } from '../domain/model.ts';
import { LIMIT_MAX, type Marker } from './page-fields.ts';

/** Returns the page that a list request asks for. Default: the first page, as large as allowed. */
export function pageRequestOf({
  limit = LIMIT_MAX,
  marker = {},
}: {
  limit?: number | undefined;
  marker?: Marker | undefined;
}): PageRequest {
  return { limit, ...marker };
}
