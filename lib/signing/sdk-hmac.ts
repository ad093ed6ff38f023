/**
 * SDK-HMAC-SHA256, the AK/SK signature of Huawei Cloud requests. Signing and verifying share the stages below, which
 * have the names of the vendor's document. There are two forms:
 * - plain: `Access=<AK>, SignedHeaders=…, Signature=…`. The SK is the key.
 *   Source: Huawei Cloud, "API Request Signing Guide", "AK/SK Signing and Authentication".
 * - derived key: `Credential=<AK>/<scope>, SignedHeaders=…, Signature=…`. The key is derived from the SK and the scope.
 *   Source: opentelekomcloud/gophertelekomcloud, `signer_helper.go`.
 */
import { hmacSha256, hmacSha256Hex, isEqualConstantTime, sha256Hex } from './bytes.ts';
import { type SignableRequest, SignatureError, UnknownFormError } from './signed-request.ts';

export const ALGORITHM = 'SDK-HMAC-SHA256';
const DATE_HEADER = 'x-sdk-date';

/** How far X-Sdk-Date may be before or after our clock. */
const SKEW_SECONDS_MAX = 15 * 60;

export interface Authorization {
  accessKey: string;
  /** `<UTC day>/<region>/<service>/sdk_request` in the derived-key form, where region and service may be empty. */
  scope?: string | undefined;
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
  return joinPairs(encodedPairs(query).sort(([a, x], [b, y]) => compare(a, b) || compare(x, y)));
}

/**
 * Returns the `name:value` lines of the signed headers, in the order of `signedHeaders`.
 * @param isDerived whether white space within values is signed as one space
 */
export function canonicalHeaders(
  headers: SignableRequest['headers'],
  signedHeaders: readonly string[],
  isDerived = false,
): string {
  return signedHeaders
    .map((name) => {
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
      if (value === undefined) throw new SignatureError('a signed header is missing');
      return `${name}:${isDerived ? value.trim().replace(/[\t\n\f\r ]+/g, ' ') : value.trim()}\n`;
    })
    .join('');
}

/**
 * The body is always hashed as received. The header `X-Sdk-Content-Sha256` is ignored, because with the value
 * `UNSIGNED-PAYLOAD` anyone could change the body of a captured request.
 */
export function canonicalRequest(request: SignableRequest, signedHeaders: readonly string[], scope?: string): string {
  const isDerived = scope !== undefined;
  const { query, payload } = isDerived
    ? derivedQueryAndPayload(request)
    : { query: canonicalQueryString(request.query), payload: request.body };
  return [
    request.method.toUpperCase(),
    canonicalUri(request.path),
    query,
    canonicalHeaders(request.headers, signedHeaders, isDerived),
    signedHeaders.join(';'),
    sha256Hex(payload),
  ].join('\n');
}

/**
 * The derived-key form sorts the query without regard to case. A POST with a query and no body signs the query as its
 * payload, encoded as a form. Of a repeated parameter, gophertelekomcloud signs only the first value, so anybody could
 * add values to a captured request: such a query is refused.
 */
function derivedQueryAndPayload({ method, query, body }: SignableRequest): {
  query: string;
  payload: string | Uint8Array;
} {
  const pairs = encodedPairs(query);
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length) {
    throw new SignatureError('a query parameter occurs twice, and this form signs only one of its values');
  }
  if (method.toUpperCase() === 'POST' && body.length === 0) {
    return { query: '', payload: canonicalQueryString(query).replaceAll('%20', '+') };
  }
  const sorted = pairs.sort(([a], [b]) => compare(a.toLowerCase(), b.toLowerCase()));
  return { query: joinPairs(sorted), payload: body };
}

/** @param scope only in the derived-key form */
export function stringToSign(sdkDate: string, canonical: string, scope?: string): string {
  return [ALGORITHM, sdkDate, ...(scope === undefined ? [] : [scope]), sha256Hex(canonical)].join('\n');
}

/** The key of the signature: the SK itself, or the key that the derived-key form derives from it. */
export function signingKey(secretKey: string, scope?: string): string | Uint8Array {
  if (scope === undefined) return secretKey;
  return scope.split('/').reduce<string | Uint8Array>(hmacSha256, `SDK${secretKey}`);
}

/**
 * Signs a request in the plain form.
 * @param secretKey the SK
 * @param signedHeaders sorted lower-case names; must include `x-sdk-date`, whose value must be in `request.headers`
 * @returns the value of the Authorization header
 */
export function sign(
  request: SignableRequest,
  { accessKey, secretKey }: { accessKey: string; secretKey: string },
  signedHeaders: readonly string[],
): string {
  const signature = signatureOf(request, secretKey, { signedHeaders });
  return `${ALGORITHM} Access=${accessKey}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
}

/**
 * Parses an Authorization header.
 * @throws UnknownFormError if it has neither form of this scheme
 */
export function parseAuthorization(header: string): Authorization {
  const { plainKey, derivedKey, scope, signedHeaders, signature } = AUTHORIZATION.exec(header)?.groups ?? {};
  const accessKey = plainKey ?? derivedKey;
  if (!accessKey || !signedHeaders || !signature) throw new UnknownFormError('malformed Authorization header');
  return { accessKey, ...(scope !== undefined && { scope }), signedHeaders: signedHeaders.split(';'), signature };
}

/** Returns X-Project-Id if it is a signed header. Verifying the request also verifies it. */
export function signedProject({ headers }: Pick<SignableRequest, 'headers'>): string | undefined {
  return isSignedHeader({ headers }, 'x-project-id') ? headers['x-project-id'] : undefined;
}

/** Whether the signature covers the header. @param name in lower case */
export function isSignedHeader({ headers }: Pick<SignableRequest, 'headers'>, name: string): boolean {
  const { signedHeaders = '' } = AUTHORIZATION.exec(headers['authorization'] ?? '')?.groups ?? {};
  return signedHeaders.split(';').includes(name);
}

/**
 * Verifies a signature over the bytes received. The only header that must be signed is X-Sdk-Date: Go and Terraform
 * clients do not sign Host.
 * @throws SignatureError
 */
export function verifySignature(
  request: SignableRequest,
  authorization: Authorization,
  secretKey: string,
  nowMs: number,
): void {
  const { signedHeaders, signature, scope } = authorization;
  if (!signedHeaders.includes(DATE_HEADER)) throw new SignatureError('X-Sdk-Date is not signed');
  // A large header that is listed a thousand times would make a canonical request of gigabytes.
  if (new Set(signedHeaders).size !== signedHeaders.length) throw new SignatureError('a header is signed twice');
  const sdkDate = request.headers[DATE_HEADER] ?? '';
  if (!(Math.abs(nowMs - parseSdkDate(sdkDate)) <= SKEW_SECONDS_MAX * 1000)) {
    throw new SignatureError('X-Sdk-Date is more than 15 minutes off');
  }
  if (scope !== undefined && !scope.startsWith(`${sdkDate.slice(0, 8)}/`)) {
    throw new SignatureError('the day of the scope is not that of X-Sdk-Date');
  }
  const expected = signatureOf(request, secretKey, authorization);
  if (!isEqualConstantTime(expected, signature)) throw new SignatureError('wrong signature');
}

/** Parses a date such as `20261122T062727Z`. Returns ms since 1970, or NaN if it is no date. */
function parseSdkDate(sdkDate: string): number {
  return SDK_DATE.test(sdkDate) ? Date.parse(sdkDate.replace(SDK_DATE, '$1-$2-$3T$4:$5:$6Z')) : Number.NaN;
}

function signatureOf(
  request: SignableRequest,
  secretKey: string,
  { signedHeaders, scope }: { signedHeaders: readonly string[]; scope?: string | undefined },
): string {
  try {
    const canonical = canonicalRequest(request, signedHeaders, scope);
    const toSign = stringToSign(request.headers[DATE_HEADER] ?? '', canonical, scope);
    return hmacSha256Hex(signingKey(secretKey, scope), toSign);
  } catch (error) {
    if (error instanceof URIError) throw new SignatureError('malformed percent-encoding', { cause: error });
    throw error;
  }
}

const AUTHORIZATION =
  /^SDK-HMAC-SHA256 +(?:Access=(?<plainKey>[\w-]{1,128})|Credential=(?<derivedKey>[\w-]{1,128})\/(?<scope>\d{8}\/[\w.-]{0,64}\/[\w.-]{0,64}\/sdk_request)), *SignedHeaders=(?<signedHeaders>[a-z0-9!#$%&'*+.^_`|~-]+(?:;[a-z0-9!#$%&'*+.^_`|~-]+)*), *Signature=(?<signature>[0-9a-f]{64})$/;
const SDK_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

function encodedPairs(query: string): [name: string, value: string][] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      const encoded = (part: string) => encode(decodeURIComponent(part.replaceAll('+', ' ')));
      return [encoded(name), encoded(value.join('='))];
    });
}

const joinPairs = (pairs: readonly [string, string][]) => pairs.map(([name, value]) => `${name}=${value}`).join('&');

/** Percent-encodes all characters but the unreserved ones. Source: RFC 3986, section 2.3. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
