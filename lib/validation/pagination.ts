import type { PageRequest } from '../domain/model.ts';
import { LIMIT_MAX, type Marker } from './fields.ts';

/** The page that a list request asks for; the first page of the largest size when it does not say. */
export function pageRequestOf({
  limit = LIMIT_MAX,
  marker = {},
}: {
  limit?: number | undefined;
  marker?: Marker | undefined;
}): PageRequest {
  return { limit, ...marker };
}
