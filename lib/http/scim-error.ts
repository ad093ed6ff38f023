/** Errors in the form of SCIM. Source: RFC 7644, section 3.12. */
import { KmsError } from '../errors.ts';
import { Reply, retryHeaders } from './reply.ts';

export const SCIM_CONTENT_TYPE = 'application/scim+json';

const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** Source: RFC 7644, table 9. */
type ScimType =
  | 'invalidFilter'
  | 'invalidPath'
  | 'invalidSyntax'
  | 'invalidValue'
  | 'noTarget'
  | 'tooMany'
  | 'uniqueness';

/** Statuses of RFC 7644, section 3.12, that have no row of their own in the error table. */
type ScimStatus = 400 | 403 | 404 | 405 | 409 | 412 | 501;

/** A SCIM request that is refused. Its text is `detail` alone: the error table has no text for SCIM. */
export class ScimError extends KmsError {
  override readonly name = 'ScimError';
  readonly scimType: ScimType | undefined;
  readonly #status: ScimStatus;

  /** @param detail what is wrong and what to do about it; must not repeat input of the client */
  constructor(scimType: ScimType | undefined, detail: string, status: ScimStatus = 400) {
    super('KMS.0308', { detail });
    this.message = detail;
    this.scimType = scimType;
    this.#status = status;
  }

  override get status(): number {
    return this.#status;
  }
}

/** Codes of a body that is no JSON object, or lacks a field. */
const SYNTAX_CODES: readonly string[] = ['KMS.0202', 'KMS.0204'];

export function scimErrorReply(error: KmsError): Reply {
  const scimType =
    error instanceof ScimError ? error.scimType : SYNTAX_CODES.includes(error.code) ? 'invalidSyntax' : undefined;
  const body = { schemas: [ERROR_SCHEMA], status: String(error.status), scimType, detail: error.message };
  const headers = {
    'content-type': SCIM_CONTENT_TYPE,
    ...retryHeaders(error),
    // Source: RFC 9110, section 11.6.1; RFC 6750, section 3.
    ...(error.status === 401 && { 'www-authenticate': 'Bearer realm="scim"' }),
    ...(error.methods && { allow: error.methods.join(', ') }),
  };
  return new Reply(body, { status: error.status, headers });
}
