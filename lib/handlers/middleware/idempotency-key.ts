import { VISIBLE_ASCII } from '../../domain/characters.ts';
import { KmsError } from '../../errors.ts';
import { isSignedHeader } from '../../signing/sdk-hmac.ts';
import type { HttpMiddleware } from '../http-context.ts';

const HEADER = 'idempotency-key';
const KEY = new RegExp(`^[${VISIBLE_ASCII}]{1,255}$`);

/**
 * Reads the Idempotency-Key header.
 * Source: draft-ietf-httpapi-idempotency-key-header; a key may be quoted or not.
 * @throws KmsError KMS.0308
 */
export function idempotencyKey(): HttpMiddleware {
  return {
    before({ context: { http } }) {
      const { request, caller, body } = http;
      const value = request.headers[HEADER];
      if (value === undefined) return;
      if (!KEY.test(value)) {
        throw new KmsError('KMS.0308', { detail: 'Idempotency-Key must be 1 to 255 visible ASCII characters.' });
      }
      // Otherwise whoever has captured a signed request could add a header that makes it a new request.
      const hasSignedSequence =
        caller?.signature !== undefined && (body as { sequence?: string }).sequence !== undefined;
      if (hasSignedSequence && !isSignedHeader(request, HEADER)) return;
      http.idempotencyKey = value;
    },
  };
}
