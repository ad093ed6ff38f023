/** The certificates and public keys that verify messages of a notification service. */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { VerificationKey } from './notification-message.ts';

const PEM = /^\s*-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[A-Za-z0-9+/=\s]+-----END \1-----\s*$/;
const MODULUS_BITS_MIN = 2048;

/**
 * Parses a certificate, or a public key, which never expires, of RSA with 2048 bits or more.
 * @param pem one certificate or key
 * @returns undefined for anything else, private keys included
 */
export function parseVerificationKey(pem: string): VerificationKey | undefined {
  const kind = PEM.exec(pem)?.[1];
  if (kind === undefined) return undefined;
  try {
    const parsed = kind === 'CERTIFICATE' ? keyOfCertificate(pem) : publicKeyOf(pem);
    return isStrong(parsed.key) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function keyOfCertificate(pem: string): VerificationKey {
  const { publicKey, validFrom, validTo } = new X509Certificate(pem);
  return { key: publicKey, validFromMs: Date.parse(validFrom), validToMs: Date.parse(validTo) };
}

const publicKeyOf = (pem: string): VerificationKey => ({
  key: createPublicKey(pem),
  validFromMs: Number.NEGATIVE_INFINITY,
  validToMs: Number.POSITIVE_INFINITY,
});

const isStrong = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) =>
  asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MODULUS_BITS_MIN;
