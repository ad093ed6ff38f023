/**
 * The signature of GitHub's secret scanning alerts: ECDSA over P-256 with SHA-256 of the body.
 * Source: GitHub Docs, "Secret scanning partner program", "Implement signature verification".
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

const PEM = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Parses a P-256 public key.
 * @param text PEM, or base64 of the key's SPKI
 * @returns undefined for anything else, private keys included
 */
export function parsePublicKey(text: string): KeyObject | undefined {
  const base64 = (PEM.exec(text)?.[1] ?? text).replace(/\s/g, '');
  if (!BASE64.test(base64)) return undefined;
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** @param signature base64 of the DER form, as in the header */
export function isSignedWith(key: KeyObject, body: Uint8Array, signature: string): boolean {
  return BASE64.test(signature) && verify('sha256', body, key, Buffer.from(signature, 'base64'));
}
