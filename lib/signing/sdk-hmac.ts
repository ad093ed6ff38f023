/**
 * SDK-HMAC-SHA256, the AK/SK signature of Huawei Cloud requests. Sign and verify share the stages below, each with
 * the name that the vendor's document gives it.
 * Source: Huawei Cloud, "API Request Signing Guide", "AK/SK Signing and Authentication".
 */
import { hmacSha256Hex, isEqualConstantTime, sha256Hex } from './bytes.ts';
import { type SignableRequest, SignatureError } from './signed-request.ts';

export const ALGORITHM = 'SDK-HMAC-SHA256';
const DATE_HEADER = 'x-sdk-date';

/** How far X-Sdk-Date may be from our clock, on either side. */
const SKEW_SECONDS_MAX = 15 * 60;

export interface Authorization {
  accessKey: string;
  signedHeaders: string[];
  signature: string;
}

/** Each segment decoded and encoded again, so that every spelling of a path signs alike; always ends with a slash. */
export function canonicalUri(path: string): string {
  const segments = path.split('/').map((segment) => encode(decodeURIComponent(segment)));
  const uri = segments.join('/');
  return uri.endsWith('/') ? uri : `${uri}/`;
}

/** Pairs sorted by name, then value. `+` is a space, as clients of form encoding send it. */
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

/** `name:value` lines of the signed headers, in the order of their list. */
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
 * The body is always hashed as received: `X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD` would let anyone change the body of
 * a captured request, so that header has no say here.
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
 * @param secretKey the SK, used as it is: this scheme derives no key
 * @param signedHeaders lower-case names, sorted; must include `x-sdk-date`, whose value must be in `request.headers`
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
 * Reads an Authorization header.
 * @throws SignatureError when it is not of this scheme's form
 */
export function parseAuthorization(header: string): Authorization {
  const found = AUTHORIZATION.exec(header);
  const [, accessKey, signedHeaders, signature] = found ?? [];
  if (!accessKey || !signedHeaders || !signature) throw new SignatureError('malformed Authorization header');
  return { accessKey, signedHeaders: signedHeaders.split(';'), signature };
}

/** The project of X-Project-Id, where a signature covers that header: it is checked with the rest. */
export function signedProject({ headers }: Pick<SignableRequest, 'headers'>): string | undefined {
  const [, , signedHeaders = ''] = AUTHORIZATION.exec(headers['authorization'] ?? '') ?? [];
  return signedHeaders.split(';').includes('x-project-id') ? headers['x-project-id'] : undefined;
}

/**
 * Checks a signature against the bytes received. Of the headers only X-Sdk-Date must be signed: Go and Terraform
 * clients leave Host out.
 * @throws SignatureError when the date is absent, unsigned, malformed or too far off, or the signature is another
 */
export function verifySignature(
  request: SignableRequest,
  { signedHeaders, signature }: Authorization,
  secretKey: string,
  nowMs: number,
): void {
  if (!signedHeaders.includes(DATE_HEADER)) throw new SignatureError('X-Sdk-Date is not signed');
  // A header named a thousand times would make a canonical request of gigabytes.
  if (new Set(signedHeaders).size !== signedHeaders.length) throw new SignatureError('a header is signed twice');
  const atMs = parseSdkDate(request.headers[DATE_HEADER] ?? '');
  if (!(Math.abs(nowMs - atMs) <= SKEW_SECONDS_MAX * 1000)) throw new SignatureError('X-Sdk-Date is too far off');
  const expected = signatureOf(request, secretKey, signedHeaders);
  if (!isEqualConstantTime(expected, signature)) throw new SignatureError('wrong signature');
}

/** `20261122T062727Z` as ms since 1970; NaN when it is no date. */
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

/** Percent-encodes all but the unreserved characters of RFC 3986, section 2.3. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
