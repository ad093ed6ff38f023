/** The public keys of a transmitter, as its JWKS lists them or as PEM. Source: RFC 7517, sections 4 and 5. */
import { createPublicKey } from 'node:crypto';
import type { JWK } from 'jose';
import * as z from 'zod/mini';
import { parseJson } from '../../../util/json.ts';

const KEYS_MAX = 100;
/** A key of RSA with 16,384 bits has 2,731 characters. */
const text = z.string().check(z.minLength(1), z.maxLength(4096));

/** A public key. Some issuers say when it expires. Source: OpenID Federation 1.0, "Federation Historical Keys". */
export type PublicKey = JWK & { exp?: number };

const COMMON = {
  kid: z.optional(text),
  exp: z.optional(z.number()),
  alg: z.optional(text),
  use: z.optional(text),
  key_ops: z.optional(z.array(z.string())),
};
/** A public key for one of ALGORITHMS. Other fields are left out, such as those of a private key. */
const PUBLIC_KEY = z.union([
  z.object({ ...COMMON, kty: z.literal('RSA'), n: text, e: text }),
  z.object({ ...COMMON, kty: z.literal('EC'), crv: text, x: text, y: text }),
]);
const KEY_SET = z.object({ keys: z.array(z.unknown()).check(z.maxLength(KEYS_MAX)) });

/**
 * The accepted algorithms. `none` is not among them, nor those with a shared key, for which a public key could be used.
 * Source: RFC 7518, section 3.1.
 */
const ALGORITHMS: Readonly<Record<string, Pick<JWK, 'kty' | 'crv'>>> = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
};

export const isAllowedAlgorithm = (alg: string): boolean => Object.hasOwn(ALGORITHMS, alg);

/** Whether a signature with this header may be one of the key. A key without an id may have made any signature. */
export function isKeyFor(
  key: PublicKey,
  { alg, kid }: { alg: string; kid?: string | undefined },
  nowMs: number,
): boolean {
  const algorithm = isAllowedAlgorithm(alg) ? ALGORITHMS[alg] : undefined;
  return (
    algorithm !== undefined &&
    key.kty === algorithm.kty &&
    key.crv === algorithm.crv &&
    (key.alg ?? alg) === alg &&
    (key.use ?? 'sig') === 'sig' &&
    (key.key_ops?.includes('verify') ?? true) &&
    (key.kid === undefined || kid === undefined || key.kid === kid) &&
    (key.exp === undefined || nowMs < key.exp * 1000)
  );
}

/**
 * Parses a JWKS. Keys of other types are left out, because a transmitter may use one JWKS for several purposes.
 * @throws Error for a text of another form
 */
export function parseKeySet(json: string): readonly PublicKey[] {
  const { success, data } = z.safeParse(KEY_SET, parseJson(json));
  if (!success) throw new Error('not a JWKS');
  return data.keys.flatMap((key) => publicKeyIn(key) ?? []);
}

/**
 * Parses keys that are written into the settings: a JWKS, a JWK, or a public key as PEM.
 * @returns undefined for anything else, private keys and keys of other types included
 */
export function parseKeys(text: string): readonly PublicKey[] | undefined {
  if (!text.trimStart().startsWith('{')) return parsePem(text);
  const json = parseJson(text);
  const isSet = z.safeParse(KEY_SET, json).success;
  const keys: readonly unknown[] = isSet ? (json as { keys: unknown[] }).keys : [json];
  const publicKeys = keys.map((key) => (isPrivate(key) ? undefined : publicKeyIn(key)));
  return publicKeys.length > 0 && publicKeys.every((key) => key !== undefined) ? publicKeys : undefined;
}

const PEM = /^\s*-----BEGIN PUBLIC KEY-----/;

function parsePem(text: string): readonly PublicKey[] | undefined {
  if (!PEM.test(text)) return undefined;
  try {
    const key = publicKeyIn(createPublicKey(text).export({ format: 'jwk' }));
    return key && [key];
  } catch {
    return undefined;
  }
}

/** Source: RFC 7518, sections 6.2.2 and 6.3.2. */
const isPrivate = (key: unknown) => typeof key === 'object' && key !== null && 'd' in key;

function publicKeyIn(value: unknown): PublicKey | undefined {
  const { success, data } = z.safeParse(PUBLIC_KEY, value);
  return success ? (data as PublicKey) : undefined;
}
