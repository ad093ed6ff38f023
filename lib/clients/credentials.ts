/** The credentials that this service itself uses at another KMS: where they are, and how a change of them is noticed. */
import * as z from 'zod/mini';
import { parseJson } from '../util/json.ts';
import { refreshingValue } from './refreshing-value.ts';
import { readSecret, type SecretReference } from './secrets.ts';

export interface Credentials {
  accessKey: string;
  secretKey: string;
  /** Of temporary credentials. */
  securityToken?: string | undefined;
}

/** A file and a secret hold JSON: `{"access_key", "secret_key"}`, and `"security_token"` where they are temporary. */
export type CredentialsSource = { kind: 'env'; credentials: Credentials } | SecretReference;

export interface RefreshingCredentials {
  /** @throws when they could not be read yet */
  current(): Promise<Credentials>;
  /** What there is instead of those that were refused; undefined when nothing else is there. */
  replacementFor(refused: Credentials): Promise<Credentials | undefined>;
}

/** Read again when older: a change is noticed in this time. */
const KEEP_MS = 30_000;
/** After a refusal they are read again at once; a secret of AWS, which is asked for over the network, not more often. */
const KEEP_REFUSED_MS = { env: 0, file: 0, aws: 1_000 } as const;

/** @param now monotonic, ms */
export function refreshingCredentials(source: CredentialsSource, now?: () => number): RefreshingCredentials {
  const fresh = refreshingValue('KMS_CREDENTIALS', () => readFrom(source), now);
  return {
    current: () => fresh(KEEP_MS),
    async replacementFor(refused) {
      const found = await fresh(KEEP_REFUSED_MS[source.kind]);
      return isSame(found, refused) ? undefined : found;
    },
  };
}

async function readFrom(source: CredentialsSource): Promise<Credentials> {
  if (source.kind === 'env') return source.credentials;
  if (source.kind === 'aws') return parseCredentials(await readSecret(source));
  try {
    return parseCredentials(await readSecret(source));
  } catch (error) {
    throw new Error(`KMS_CREDENTIALS: ${source.path} cannot be used: ${(error as Error).message}`);
  }
}

const FORM = 'it must hold {"access_key": "…", "secret_key": "…"}, and "security_token" for temporary credentials';
const value = z.string().check(z.minLength(1), z.regex(/^[\x21-\x7e]+$/));
const FILE = z.object({ access_key: value, secret_key: value, security_token: z.optional(value) });

/** @throws an error that never holds anything of the text */
function parseCredentials(text: string): Credentials {
  const { success, data } = z.safeParse(FILE, parseJson(text));
  if (!success) throw new Error(FORM);
  return { accessKey: data.access_key, secretKey: data.secret_key, securityToken: data.security_token };
}

function isSame(one: Credentials, other: Credentials): boolean {
  return (
    one.accessKey === other.accessKey && one.secretKey === other.secretKey && one.securityToken === other.securityToken
  );
}
