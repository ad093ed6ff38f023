import { type ErrorCode, KmsError } from '../../errors.ts';
import { assertUniqueKeys, decodeUtf8, NOT_JSON } from '../../validation/json-body.ts';
import type { HttpMiddleware } from '../http-context.ts';

/**
 * Refuses a body that two JSON parsers could read differently: invalid UTF-8, and keys that occur twice. Hands the body
 * to the JSON parser as text; an empty body counts as an empty object.
 * @param code of the refusal
 * @throws KmsError
 */
export function strictJson(code: ErrorCode = 'KMS.0202'): HttpMiddleware {
  return {
    before({ event, context: { http } }) {
      const text = decodeUtf8(http.request.body);
      if (text === undefined) throw new KmsError(code, { detail: NOT_JSON });
      assertUniqueKeys(text, code);
      event.body = text || '{}';
      event.isBase64Encoded = false;
    },
  };
}
