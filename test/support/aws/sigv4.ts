/**
 * Computes the AWS Signature Version 4 of a received request, with node:crypto only.
 * Source: IAM User Guide, "Create a signed AWS API request".
 */
import { createHash, createHmac } from 'node:crypto';

/** The parts of an `Authorization` header. */
interface Authorization {
  accessKeyId: string;
  /** Date, region, service and `aws4_request`. */
  scope: string[];
  signedHeaders: string[];
  signature: string;
}

const FORM = /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

export function parseAuthorization(header: string): Authorization {
  const [, accessKeyId = '', scope = '', signedHeaders = '', signature = ''] = FORM.exec(header) ?? [];
  return { accessKeyId, scope: scope.split('/'), signedHeaders: signedHeaders.split(';'), signature };
}

export interface ReceivedRequest {
  method: string;
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** Returns the correct signature for the signed headers and the scope that the request states. */
export function signatureOf(request: ReceivedRequest, authorization: Authorization, secretAccessKey: string): string {
  const { scope, signedHeaders } = authorization;
  const canonicalRequest = [
    request.method,
    request.path,
    '',
    ...signedHeaders.map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
  const stringToSign = [
    'AWS4-HMAC-SHA256',
    request.headers['x-amz-date'],
    scope.join('/'),
    sha256(canonicalRequest),
  ].join('\n');
  const signingKey = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(signingKey, stringToSign).toString('hex');
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
