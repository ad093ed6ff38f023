/** Errors in the form of SCIM. Source: RFC 7644, section 3.12. */
import { KmsError } from '../errors.ts';
import { Reply, retryHeaders } from './reply.ts';

export const SCIM_CONTENT_TYPE = 'application/scim+json';

const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** Source: RFC 7644, table 9. */
type ScimType = 'invalidPath' | 'invalidSyntax' | 'invalidValue' | 'noTarget';

/** A SCIM request that is not understood. */
export class ScimError extends KmsError {
  override readonly name = 'ScimError';
  readonly scimType: ScimType;

  constructor(scimType: ScimType, detail: string) {
    super('KMS.0308', { detail });
    this.scimType = scimType;
  }
}

/** Codes of a body that is no JSON object, or lacks a field. */
const SYNTAX_CODES: readonly string[] = ['KMS.0202', 'KMS.0204'];

export function scimErrorReply(error: KmsError): Reply {
  const scimType =
    error instanceof ScimError ? error.scimType : SYNTAX_CODES.includes(error.code) ? 'invalidSyntax' : undefined;
  const body = { schemas: [ERROR_SCHEMA], status: String(error.status), scimType, detail: error.message };
  const headers = { 'content-type': SCIM_CONTENT_TYPE, ...retryHeaders(error) };
  return new Reply(body, { status: error.status, headers });
}
