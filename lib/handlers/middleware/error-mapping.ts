import { type ErrorCode, KmsError, knownError } from '../../errors.ts';
import { errorReply, resultOf } from '../../http/reply.ts';
import type { HttpMiddleware } from '../http-context.ts';

/**
 * Turns errors into replies with the documented status and code.
 * @param malformedBodyCode for a body that is not JSON
 */
export function errorMapping(malformedBodyCode: ErrorCode = 'KMS.0202'): HttpMiddleware {
  return {
    onError(request) {
      const { http } = request.context;
      // Without an exchange there is nobody to reply to: the invocation fails with the error.
      if (!http) return;
      const error = isJsonParserError(request.error)
        ? new KmsError(malformedBodyCode, { detail: 'The body must be JSON in UTF-8.' })
        : knownError(request.error);
      request.error = error;
      request.response = resultOf(errorReply(error, http.requestId), http.requestId);
    },
  };
}

function isJsonParserError(error: Error | null | undefined): boolean {
  const cause = error?.cause;
  return typeof cause === 'object' && cause !== null && 'package' in cause && cause.package === JSON_PARSER;
}

const JSON_PARSER = '@middy/http-json-body-parser';
