/** A request as it goes over the wire: `path` and `query` still percent-encoded, header names in lower case. */
export interface SignableRequest {
  method: string;
  path: string;
  query: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: Uint8Array;
}

/** Why a signature was refused: for the log, never for the client. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
}
