/**
 * The errors of this service: code, status and text. (Errors of the upstream are forwarded as `ForwardedError`.)
 * - KMS.* and APIGW.* are published. Source: KMS API reference, "Error Codes"; API Gateway, "Error Codes".
 * - APIGW.0201 has several statuses, and Keystone.404 two texts. A suffix after a colon distinguishes them; it is not
 *   sent.
 * - Keystone.* are internal names. These errors are sent in Keystone's own form, without a code.
 */
export const ERRORS = {
  'APIGW.0101': { status: 404, text: 'The API does not exist or has not been published in the environment.' },
  'APIGW.0201:400': { status: 400, text: 'Bad request: not valid HTTP.' },
  'APIGW.0201:408': { status: 408, text: 'The request took too long to arrive.' },
  'APIGW.0201:413': { status: 413, text: 'Request body too large.' },
  'APIGW.0201:417': { status: 417, text: 'The Expect header is not supported.' },
  'APIGW.0201:431': { status: 431, text: 'Request headers too large.' },
  'APIGW.0201:502': { status: 502, text: 'Backend unavailable.' },
  'APIGW.0201:504': { status: 504, text: 'No response in time.' },
  'APIGW.0301': { status: 401, text: 'Incorrect IAM authentication information.' },
  'APIGW.0302': { status: 403, text: 'The IAM user is not authorized to access the API.' },
  'APIGW.0308': { status: 429, text: 'The throttling threshold has been reached.' },
  'KMS.0101': { status: 500, text: 'KMS error.' },
  'KMS.0104': { status: 503, text: 'System exception.' },
  'KMS.0202': { status: 400, text: 'Invalid JSON format of the request message.' },
  'KMS.0203': { status: 400, text: 'Request message too long.' },
  'KMS.0204': { status: 400, text: 'Parameters missing in the request message.' },
  'KMS.0205': { status: 400, text: 'Invalid key ID.' },
  'KMS.0206': { status: 400, text: 'Invalid sequence number.' },
  'KMS.0207': { status: 404, text: 'The key does not exist.' },
  'KMS.0209': { status: 400, text: 'The key has been disabled.' },
  'KMS.0210': { status: 400, text: 'The key is in Scheduled deletion state and cannot be used.' },
  'KMS.0215': { status: 405, text: 'Request method not supported.' },
  'KMS.0306': { status: 403, text: 'No access permissions.' },
  'KMS.0307': { status: 403, text: 'No access permissions.' },
  'KMS.0308': { status: 400, text: 'Invalid parameter.' },
  'KMS.0321': { status: 403, text: 'URIs in URL and X-Auth-Token do not match.' },
  'KMS.1101': { status: 400, text: 'Invalid key_alias.' },
  'KMS.1103': { status: 400, text: 'Invalid key_description.' },
  'KMS.1104': { status: 400, text: 'Duplicate key aliases.' },
  'KMS.1105': { status: 400, text: 'Too many keys.' },
  'KMS.1201': { status: 400, text: 'The key is not disabled.' },
  'KMS.1301': { status: 400, text: 'The key is not enabled.' },
  'KMS.1401': { status: 400, text: 'The pending period must be 7 to 1096 days.' },
  'KMS.1402': { status: 400, text: 'The key is already in Scheduled deletion state.' },
  'KMS.1501': { status: 400, text: 'The key is not in Scheduled deletion state.' },
  'KMS.1601': { status: 400, text: 'Invalid limit.' },
  'KMS.1602': { status: 400, text: 'marker must be greater than or equals 0.' },
  'KMS.2401': { status: 400, text: 'Specify an operation in addition to create-grant.' },
  'KMS.2402': { status: 400, text: 'Invalid user ID.' },
  'KMS.2404': { status: 400, text: 'Too many CMK grants.' },
  'KMS.2501': { status: 400, text: 'Invalid grant ID.' },
  'KMS.2502': { status: 400, text: 'grant_id and key_id do not match.' },
  'Keystone.400': { status: 400, text: 'The request body is not valid.', title: 'Bad Request' },
  'Keystone.401': { status: 401, text: 'The request you have made requires authentication.', title: 'Unauthorized' },
  'Keystone.404': { status: 404, text: 'X-Subject-Token is invalid in the request', title: 'Not Found' },
  'Keystone.404:resource': { status: 404, text: 'The resource could not be found.', title: 'Not Found' },
  'Keystone.429': { status: 429, text: 'Too many requests. Try again later.', title: 'Too Many Requests' },
} satisfies Record<string, { status: number; text: string; title?: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a documented code. Its `cause` is only for the log and is never sent. */
export class KmsError extends Error {
  override readonly name: string = 'KmsError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  /** How long the client should wait before a retry, if known. */
  readonly retryAfterSeconds: number | undefined;
  /** The methods that the path has, where the request used another one. */
  readonly methods: readonly string[] | undefined;

  /**
   * @param detail what to do about the error, appended to the documented text; must not repeat input of the client
   */
  constructor(
    code: ErrorCode,
    {
      detail,
      cause,
      retryAfterSeconds,
      methods,
    }: {
      detail?: string | undefined;
      cause?: unknown;
      retryAfterSeconds?: number | undefined;
      methods?: readonly string[];
    } = {},
  ) {
    super(detail ? `${ERRORS[code].text} ${detail}` : ERRORS[code].text, { cause });
    this.code = code;
    this.detail = detail;
    this.retryAfterSeconds = retryAfterSeconds;
    this.methods = methods;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  /** The code that is sent. */
  get publicCode(): string {
    return this.code.replace(/:.*/, '');
  }
}

/**
 * An error of the upstream that is forwarded with the upstream's own status and code, which need not be in the table.
 * `status` and `publicCode` are the upstream's; `code` is always KMS.0101.
 */
export class ForwardedError extends KmsError {
  override readonly name = 'ForwardedError';
  readonly #status: number;
  readonly #publicCode: string;

  /** @param text must be printable; it is sent */
  constructor(
    { status, code, text }: { status: number; code: string; text: string },
    options: { cause?: unknown; retryAfterSeconds?: number | undefined } = {},
  ) {
    super('KMS.0101', options);
    this.message = text;
    this.#status = status;
    this.#publicCode = code;
  }

  override get status(): number {
    return this.#status;
  }

  override get publicCode(): string {
    return this.#publicCode;
  }
}

/** The rate limit of this service was reached, so nothing was sent to the upstream and a retry is safe. */
export class RateLimitedError extends KmsError {
  override readonly name = 'RateLimitedError';

  constructor(detail: string) {
    super('APIGW.0308', { detail, retryAfterSeconds: 1 });
  }
}

/** Whether the error says that the key does not exist. */
export function isUnknownKey(error: unknown): boolean {
  return error instanceof KmsError && error.publicCode === 'KMS.0207';
}

/** Returns a KmsError as it is. Anything else becomes KMS.0101, which reveals nothing of it to the client. */
export function knownError(error: unknown): KmsError {
  return error instanceof KmsError ? error : new KmsError('KMS.0101', { cause: error });
}

/**
 * Returns the reply body of an error: Keystone's form for the token APIs, otherwise the documented KMS form and the
 * gateway's flat form in one, because the Node SDK reads only the flat form and other clients read either.
 */
export function errorBody(error: KmsError, requestId: string): object {
  const row: { status: number; title?: string } = ERRORS[error.code];
  if (row.title) return { error: { code: row.status, message: error.message, title: row.title } };
  const error_code = error.publicCode;
  const error_msg = error.message;
  return { error: { error_code, error_msg }, error_code, error_msg, request_id: requestId };
}
