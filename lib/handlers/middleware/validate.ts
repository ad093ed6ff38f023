import { type ErrorCode, KmsError } from '../../errors.ts';
import { bodyParser, type Fields } from '../../validation/body-parser.ts';
import { isJsonObject, NOT_AN_OBJECT } from '../../validation/json-body.ts';
import type { HttpMiddleware } from '../http-context.ts';

/**
 * Checks the fields of the parsed body.
 * @param malformedBodyCode for a body that is not an object
 * @throws KmsError with the code of the first field that is missing or malformed
 */
export function validate(
  fields: Fields,
  {
    rejectsUnknownFields = false,
    malformedBodyCode = 'KMS.0202',
  }: { rejectsUnknownFields?: boolean | undefined; malformedBodyCode?: ErrorCode | undefined },
): HttpMiddleware {
  const parse = bodyParser(fields, { rejectsUnknownFields });
  return {
    before({ event, context: { http } }) {
      // The JSON parser has replaced the text by its value.
      const body: unknown = event.body;
      if (!isJsonObject(body)) throw new KmsError(malformedBodyCode, { detail: NOT_AN_OBJECT });
      http.body = parse(body);
    },
  };
}
