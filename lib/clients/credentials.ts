/** The credentials of this service for the upstream KMS, and how a changed file or secret takes effect. */
import * as z from 'zod/mini';
import { VISIBLE_ASCII } from '../domain/characters.ts';
import { parseJson } from '../util/json.ts';
import { refreshingValue } from './refreshing-value.ts';
import { readSecret, type SecretReference } from './secrets.ts';

export interface Credentials {
  accessKey: string;
  secretKey: string;
  /** Of temporary credentials. */
  securityToken?: string | undefined;
}

export type CredentialsSource = { kind: 'env'; credentials: Credentials } | SecretReference;

interface RefreshingCredentials {
  /** @throws when they have never been read successfully */
  current(): Promise<Credentials>;
  /** Reads the credentials again after the KMS has refused them. @returns undefined when they have not changed */
  replacementFor(refused: Credentials): Promise<Credentials | undefined>;
}

const MAX_AGE_MS = 30_000;
/** After a refusal. An AWS secret is read over the network, so refused calls share one read per second. */
const MAX_AGE_AFTER_REFUSAL_MS = { env: 0, file: 0, aws: 1_000 } as const;

/** @param now monotonic, ms */
export function refreshingCredentials(source: CredentialsSource, now?: () => number): RefreshingCredentials {
  const credentials = refreshingValue('KMS_CREDENTIALS', () => readCredentials(source), now);
  return {
    current: () => credentials(MAX_AGE_MS),
    async replacementFor(refused) {
      const latest = await credentials(MAX_AGE_AFTER_REFUSAL_MS[source.kind]);
      return isEqual(latest, refused) ? undefined : latest;
    },
  };
}

async function readCredentials(source: CredentialsSource): Promise<Credentials> {
  if (source.kind === 'env') return source.credentials;
  if (source.kind === 'aws') return parseCredentials(await readSecret(source));
  try {
    return parseCredentials(await readSecret(source));
  } catch (error) {
    throw new Error(`KMS_CREDENTIALS: ${source.path} cannot be used: ${(error as Error).message}`);
  }
}

const FORM = 'it must hold {"access_key": "…", "secret_key": "…"}, and "security_token" for temporary credentials';
/** Printable ASCII without spaces, because the values are sent in headers. */
const headerValue = z.string().check(z.minLength(1), z.regex(new RegExp(`^[${VISIBLE_ASCII}]+$`)));
const CREDENTIALS = z.object({
  access_key: headerValue,
  secret_key: headerValue,
  security_token: z.optional(headerValue),
});

/** @throws an error that never contains any of the text */
function parseCredentials(text: string): Credentials {
  const { success, data } = z.safeParse(CREDENTIALS, parseJson(text));
  if (!success) throw new Error(FORM);
  return { accessKey: data.access_key, secretKey: data.secret_key, securityToken: data.security_token };
}

function isEqual(a: Credentials, b: Credentials): boolean {
  return a.accessKey === b.accessKey && a.secretKey === b.secretKey && a.securityToken === b.securityToken;
}
