import { KmsError } from '../../errors.ts';
import type { Api } from '../api.ts';
import type { HttpMiddleware } from '../http-context.ts';

/** The largest body that an API accepts by default. Those of KMS clients are smaller than 3 KB. */
export const BODY_BYTES_MAX = 64 * 1024;

/** Refuses large bodies before they are parsed. @throws KmsError KMS.0203 */
export function bodyLimit({ bodyBytesMax = BODY_BYTES_MAX }: Pick<Api, 'bodyBytesMax'>): HttpMiddleware {
  return {
    before({ context: { http } }) {
      if (http.request.body.length > bodyBytesMax) throw new KmsError('KMS.0203');
    },
  };
}
