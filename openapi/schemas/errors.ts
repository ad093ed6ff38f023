/** The forms of error replies. */
import { array, errorCode, id32, object, string } from './common.ts';

/** Source: KMS API reference, error_msg: at most 1024 characters. A code of the upstream is passed on. */
const nested = { error_code: errorCode, error_msg: { type: 'string', minLength: 1 } };

export const ERROR_SCHEMAS = {
  Error: {
    ...object({ error: object(nested), ...nested, request_id: id32 }),
    description:
      'An error of the KMS APIs. It contains the code and the text twice: in the nested form of the KMS documents, and in the flat form of the API gateway, because SDKs read either.',
  },
  KeystoneError: {
    ...object({ error: object({ code: { type: 'integer' }, message: string, title: string }) }),
    description: 'An error of the token API in the form of OpenStack Keystone, where `code` is the HTTP status.',
  },
  ScimError: {
    ...object(
      {
        schemas: array({ type: 'string', const: 'urn:ietf:params:scim:api:messages:2.0:Error' }, { minItems: 1 }),
        status: { type: 'string', pattern: '^[45][0-9]{2}$' },
        scimType: { type: 'string', enum: ['invalidPath', 'invalidSyntax', 'invalidValue', 'noTarget'] },
        detail: string,
      },
      ['scimType'],
    ),
    description: 'An error in the form of SCIM. Source: RFC 7644, section 3.12.',
  },
  SetError: {
    ...object({
      err: {
        type: 'string',
        enum: ['invalid_request', 'invalid_issuer', 'invalid_audience', 'authentication_failed', 'access_denied'],
      },
      description: string,
    }),
    description: 'A refused Security Event Token. Source: RFC 8935, section 2.3.',
  },
  GatewayMessage: {
    ...object({ message: string }),
    description: 'The form in which Amazon API Gateway itself refuses a request of a deployed service.',
  },
  ListFailure: {
    ...object({ key_id: string, grant_id: string, error_code: errorCode, error_msg: string }, ['key_id', 'grant_id']),
    description:
      'A key whose grants could not be listed, or a grant that could not be read or revoked. Without `key_id`, the keys themselves could not be listed.',
  },
} as const;
