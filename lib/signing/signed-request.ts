/** A request as sent: `path` and `query` are percent-encoded, header names are in lower case. */
export interface SignableRequest {
  method: string;
  path: string;
  query: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: Uint8Array;
}

/** What to do about a request to a source that is refused: the same for an unknown source and a wrong signature. */
export const UNVERIFIED = 'Check the name of the source in the URL, its secret or signature, and its clock.';

/** The reason why a request was refused. It is for the log and must not reach the client. */
export class SignatureError extends Error {
  override readonly name: string = 'SignatureError';
}

/** The signature has another form than those that this service verifies. */
export class UnknownFormError extends SignatureError {
  override readonly name = 'UnknownFormError';
}
