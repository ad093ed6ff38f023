import { KmsError, knownError } from '../../errors.ts';
import { errorReply, resultOf } from '../../http/reply.ts';
import { NOT_JSON } from '../../validation/json-body.ts';
import type { Api } from '../api.ts';
import type { HttpMiddleware } from '../http-context.ts';

/** Turns errors into replies with the documented status and code, or in the form that the API requires. */
export function errorMapping({
  malformedBodyCode = 'KMS.0202',
  errorReplyOf,
}: Pick<Api, 'malformedBodyCode' | 'errorReplyOf'>): HttpMiddleware {
  return {
    onError(request) {
      const { http } = request.context;
      // Without an exchange the invocation was not an HTTP request: no reply is possible, so it fails with the error.
      if (!http) return;
      const detail = jsonParserDetail(request.error);
      const error = detail ? new KmsError(malformedBodyCode, { detail }) : knownError(request.error);
      request.error = error;
      const reply = errorReplyOf?.(error, http.params) ?? errorReply(error, http.requestId);
      request.response = resultOf(reply, http.requestId);
    },
  };
}

/** What to correct in the body, for an error of @middy/http-json-body-parser; undefined for any other error. */
function jsonParserDetail(error: Error | null | undefined): string | undefined {
  const cause: unknown = error?.cause;
  const isParserError =
    typeof cause === 'object' &&
    cause !== null &&
    'package' in cause &&
    cause.package === '@middy/http-json-body-parser';
  if (!isParserError) return undefined;
  // Only a syntax error has a message; the other error names a key that could change a prototype.
  return 'message' in cause ? NOT_JSON : 'The key constructor.prototype is not allowed.';
}
