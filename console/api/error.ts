/** An error reply of the service, or a request that got no reply. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** 0 if there was no reply. */
  readonly status: number;
  /** Such as `KMS.0306`; empty where the reply had none. */
  readonly code: string;
  readonly requestId: string;

  constructor({ status, code, text, requestId }: { status: number; code: string; text: string; requestId: string }) {
    super(text);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }

  /** The page that explains the error, with cause and cure. */
  get helpPath(): string | undefined {
    return this.code === '' ? undefined : `/docs/errors/${this.code}`;
  }
}

/** Returns the error of a reply in the form of the KMS, of the gateway, or of Keystone. */
export function errorOf(status: number, requestId: string, text: string): ApiError {
  const body = parsedObject(text);
  const inner = parsedObject(body['error']);
  const code = [body['error_code'], inner['error_code']].find((value) => typeof value === 'string') ?? '';
  const message = [body['error_msg'], inner['error_msg'], inner['message']].find((value) => typeof value === 'string');
  const id = typeof body['request_id'] === 'string' ? body['request_id'] : requestId;
  return new ApiError({ status, code: String(code), text: String(message ?? `HTTP ${status}`), requestId: id });
}

function parsedObject(input: unknown): Record<string, unknown> {
  try {
    const value: unknown = typeof input === 'string' ? JSON.parse(input) : input;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
