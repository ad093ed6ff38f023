/**
 * SDK-HMAC-SHA256, the AK/SK signature of Huawei Cloud requests. Signing and verifying share the stages below, which
 * have the names of the vendor's document.
 * Source: Huawei Cloud, "API Request Signing Guide", "AK/SK Signing and Authentication".
 */
import { hmacSha256Hex, isEqualConstantTime, sha256Hex } from './bytes.ts';
import { type SignableRequest, SignatureError } from './signed-request.ts';

export const ALGORITHM = 'SDK-HMAC-SHA256';
const DATE_HEADER = 'x-sdk-date';

/** How far X-Sdk-Date may be before or after our clock. */
const SKEW_SECONDS_MAX = 15 * 60;

export interface Authorization {
  accessKey: string;
  signedHeaders: string[];
  signature: string;
}

/**
 * Decodes and encodes each segment, so that all spellings of a path have the same signature. The result ends with a
 * slash.
 */
export function canonicalUri(path: string): string {
  const segments = path.split('/').map((segment) => encode(decodeURIComponent(segment)));
  const uri = segments.join('/');
  return uri.endsWith('/') ? uri : `${uri}/`;
}

/** Sorts the pairs by name, then value. `+` is decoded as a space, because clients that form-encode send it so. */
export function canonicalQueryString(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [name, value.join('=')].map((part) => encode(decodeURIComponent(part.replaceAll('+', ' '))));
    })
    .sort(([a = '', x = ''], [b = '', y = '']) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Returns the `name:value` lines of the signed headers, in the order of `signedHeaders`. */
export function canonicalHeaders(headers: SignableRequest['headers'], signedHeaders: readonly string[]): string {
  return signedHeaders
    .map((name) => {
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
      if (value === undefined) throw new SignatureError('a signed header is missing');
      return `${name}:${value.trim()}\n`;
    })
    .join('');
}

/**
 * The body is always hashed as received. The header `X-Sdk-Content-Sha256` is ignored, because with the value
 * `UNSIGNED-PAYLOAD` anyone could change the body of a captured request.
 */
export function canonicalRequest(request: SignableRequest, signedHeaders: readonly string[]): string {
  return [
    request.method.toUpperCase(),
    canonicalUri(request.path),
    canonicalQueryString(request.query),
    canonicalHeaders(request.headers, signedHeaders),
    signedHeaders.join(';'),
    sha256Hex(request.body),
  ].join('\n');
}

export function stringToSign(sdkDate: string, canonical: string): string {
  return `${ALGORITHM}\n${sdkDate}\n${sha256Hex(canonical)}`;
}

/**
 * Signs a request.
 * @param secretKey the SK; unlike AWS's, this scheme derives no other key from it
 * @param signedHeaders sorted lower-case names; must include `x-sdk-date`, whose value must be in `request.headers`
 * @returns the value of the Authorization header
 */
export function sign(
  request: SignableRequest,
  { accessKey, secretKey }: { accessKey: string; secretKey: string },
  signedHeaders: readonly string[],
): string {
  const signature = signatureOf(request, secretKey, signedHeaders);
  return `${ALGORITHM} Access=${accessKey}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
}

/**
 * Parses an Authorization header.
 * @throws SignatureError if it does not have the form of this scheme
 */
export function parseAuthorization(header: string): Authorization {
  const [, accessKey, signedHeaders, signature] = AUTHORIZATION.exec(header) ?? [];
  if (!accessKey || !signedHeaders || !signature) throw new SignatureError('malformed Authorization header');
  return { accessKey, signedHeaders: signedHeaders.split(';'), signature };
}

/** Returns X-Project-Id if it is a signed header. Verifying the request also verifies it. */
export function signedProject({ headers }: Pick<SignableRequest, 'headers'>): string | undefined {
  return isSignedHeader({ headers }, 'x-project-id') ? headers['x-project-id'] : undefined;
}

/** Whether the signature covers the header. @param name in lower case */
export function isSignedHeader({ headers }: Pick<SignableRequest, 'headers'>, name: string): boolean {
  const [, , signedHeaders = ''] = AUTHORIZATION.exec(headers['authorization'] ?? '') ?? [];
  return signedHeaders.split(';').includes(name);
}

/**
 * Verifies a signature over the bytes received. The only header that must be signed is X-Sdk-Date: Go and Terraform
 * clients do not sign Host.
 * @throws SignatureError
 */
export function verifySignature(
  request: SignableRequest,
  { signedHeaders, signature }: Authorization,
  secretKey: string,
  nowMs: number,
): void {
  if (!signedHeaders.includes(DATE_HEADER)) throw new SignatureError('X-Sdk-Date is not signed');
  // A large header that is listed a thousand times would make a canonical request of gigabytes.
  if (new Set(signedHeaders).size !== signedHeaders.length) throw new SignatureError('a header is signed twice');
  const atMs = parseSdkDate(request.headers[DATE_HEADER] ?? '');
  if (!(Math.abs(nowMs - atMs) <= SKEW_SECONDS_MAX * 1000)) {
    throw new SignatureError('X-Sdk-Date is more than 15 minutes off');
  }
  const expected = signatureOf(request, secretKey, signedHeaders);
  if (!isEqualConstantTime(expected, signature)) throw new SignatureError('wrong signature');
}

/** Parses a date such as `20261122T062727Z`. Returns ms since 1970, or NaN if it is no date. */
function parseSdkDate(sdkDate: string): number {
  return SDK_DATE.test(sdkDate) ? Date.parse(sdkDate.replace(SDK_DATE, '$1-$2-$3T$4:$5:$6Z')) : Number.NaN;
}

function signatureOf(request: SignableRequest, secretKey: string, signedHeaders: readonly string[]): string {
  try {
    const canonical = canonicalRequest(request, signedHeaders);
    return hmacSha256Hex(secretKey, stringToSign(request.headers[DATE_HEADER] ?? '', canonical));
  } catch (error) {
    if (error instanceof URIError) throw new SignatureError('malformed percent-encoding', { cause: error });
    throw error;
  }
}

const AUTHORIZATION =
  /^SDK-HMAC-SHA256 +Access=([\w-]{1,128}), *SignedHeaders=([a-z0-9!#$%&'*+.^_`|~-]+(?:;[a-z0-9!#$%&'*+.^_`|~-]+)*), *Signature=([0-9a-f]{64})$/;
const SDK_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** Percent-encodes all characters but the unreserved ones. Source: RFC 3986, section 2.3. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
