import { KmsError } from '../../errors.ts';
import type { HttpMiddleware } from '../http-context.ts';

/** The largest accepted body. Real ones are smaller than 3 KB. */
export const BODY_BYTES_MAX = 64 * 1024;

/** Refuses large bodies before they are parsed. @throws KmsError KMS.0203 */
export function bodyLimit(): HttpMiddleware {
  return {
    before({ context: { http } }) {
      if (http.request.body.length > BODY_BYTES_MAX) throw new KmsError('KMS.0203');
    },
  };
}
