/** Replies to senders of Security Event Tokens (SETs). Source: RFC 8935, sections 2.2 to 2.4. */
import { type ErrorCode, KmsError } from '../errors.ts';
import { SignatureError } from '../signing/signed-request.ts';
import { Reply } from './reply.ts';

/** Source: IANA, "Security Event Token Error Codes". */
type SetErrorCode =
  | 'invalid_request'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'authentication_failed'
  | 'access_denied';

/** A security event token (SET) that is refused for its content, although its signature is right. */
export class SetError extends KmsError {
  override readonly name = 'SetError';
  readonly err: SetErrorCode;

  constructor(err: SetErrorCode, detail: string) {
    // The log shows the text of this cause: it holds nothing of the token.
    super('KMS.0308', { detail, cause: new SignatureError(`${err}: ${detail}`) });
    this.err = err;
  }
}

const ERR_BY_CODE: Partial<Record<ErrorCode, SetErrorCode>> = {
  'APIGW.0301': 'authentication_failed',
  'KMS.0307': 'access_denied',
};

/** Returns undefined for an error after which the sender should send the SET again: it has the form of the KMS. */
export function setErrorReply(error: KmsError): Reply | undefined {
  if (error.status >= 500 || error.status === 429) return undefined;
  const err = error instanceof SetError ? error.err : (ERR_BY_CODE[error.code] ?? 'invalid_request');
  const body = { err, description: error.detail ?? error.message };
  return new Reply(body, { status: 400, headers: { 'content-language': 'en' } });
}
