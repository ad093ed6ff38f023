/** A transmitter of Shared Signals: its keys, its JWKS on a local server, and tokens signed by another library. */
import { createHmac, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';

export const ISSUER = 'https://idp.example.com/';
export const AUDIENCE = 'https://kms.example.com/hooks/idp/events';
export const NOW_MS = Date.UTC(2026, 10, 29, 10);

export const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
export const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
export const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/';

export type Algorithm = 'RS256' | 'RS512' | 'PS256' | 'ES256' | 'ES384';

export interface SigningKey {
  kid: string;
  alg: Algorithm;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

const CURVES: Partial<Record<Algorithm, string>> = { ES256: 'P-256', ES384: 'P-384' };

export function newSigningKey(kid: string, alg: Algorithm = 'RS256'): SigningKey {
  const curve = CURVES[alg];
  const pair = curve
    ? generateKeyPairSync('ec', { namedCurve: curve })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid, alg, ...pair };
}

export const jwkOf = ({ kid, alg, publicKey }: SigningKey, change: object = {}) => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  alg,
  use: 'sig',
  ...change,
});

export const jwksOf = (...keys: object[]) => JSON.stringify({ keys });
export const pemOf = ({ publicKey }: SigningKey) => publicKey.export({ format: 'pem', type: 'spki' }) as string;

/** The claims of a token about one event. */
export const claimsAbout = (uri: string, subject: object | undefined, event: object = {}, change: object = {}) => ({
  iss: ISSUER,
  aud: AUDIENCE,
  jti: randomUUID(),
  iat: NOW_MS / 1000,
  sub_id: subject,
  events: { [uri]: event },
  ...change,
});

/** Signs with the library `jsonwebtoken`. @param header replaces fields of the header */
export const signSet = (claims: object, key: SigningKey, header: object = {}): string =>
  signText(JSON.stringify(claims), key, header);

/** Signs any content, which need not be JSON. */
export function signText(content: string, { kid, alg, privateKey }: SigningKey, header: object = {}): string {
  const all = { alg, kid, typ: 'secevent+jwt', ...header };
  return jwt.sign(content, privateKey, { algorithm: alg, header: all });
}

const segment = (value: object | string) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token with any header and content. @param sign returns the signature of the signing input */
export function tokenOf(header: object, content: object | string, sign: (input: string) => string): string {
  const input = `${segment(header)}.${segment(content)}`;
  return `${input}.${sign(input)}`;
}

export const hmacWith = (key: string) => (input: string) => createHmac('sha256', key).update(input).digest('base64url');

/** A server of a JWKS. */
export interface KeyServer {
  url: string;
  requests(): number;
  /** Sets how the server answers from now on. */
  respondWith(respond: (response: ServerResponse) => void): void;
  stop(): Promise<void>;
}

export async function startKeyServer(...keys: SigningKey[]): Promise<KeyServer> {
  let requests = 0;
  let respond = (response: ServerResponse): unknown => response.end(jwksOf(...keys.map((key) => jwkOf(key))));
  const server = createServer((_, response) => {
    requests += 1;
    respond(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    requests: () => requests,
    respondWith(next) {
      respond = next;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
