/** The credentials that this service itself uses at another KMS: where they are, and how a change of them is noticed. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { type AwsSettings, awsCall } from '../aws/call.ts';
import { retrying } from '../aws/retry.ts';
import { jsonIn } from '../json-in.ts';
import { describe, logger } from '../log.ts';

export interface Credentials {
  accessKey: string;
  secretKey: string;
  /** Of temporary credentials. */
  securityToken?: string | undefined;
}

/** A file and a secret hold JSON: `{"access_key", "secret_key"}`, and `"security_token"` where they are temporary. */
export type CredentialsSource =
  | { kind: 'env'; credentials: Credentials }
  | { kind: 'file'; path: string }
  | { kind: 'aws'; secretId: string; aws: AwsSettings };

export interface KeptCredentials {
  /** @throws when they could not be read yet */
  current(): Promise<Credentials>;
  /** What there is instead of those that were refused; undefined when nothing else is there. */
  insteadOf(refused: Credentials): Promise<Credentials | undefined>;
}

/** Read again when older: a change is noticed in this time. */
const KEEP_MS = 30_000;
/** After a refusal they are read again at once; a secret of AWS, which is asked for over the network, not more often. */
const KEEP_REFUSED_MS = { env: 0, file: 0, aws: 1_000 } as const;
/** For one reading; a file system may hang. */
const READ_MS = 2_000;

/** @param now monotonic, ms */
export function keptCredentials(
  source: CredentialsSource,
  now: () => number = () => performance.now(),
): KeptCredentials {
  let kept: Credentials | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<Credentials> | undefined;

  async function read(): Promise<Credentials> {
    try {
      kept = await inTime(readFrom(source));
    } catch (error) {
      // Half-written, or not to be had for a moment: what worked may go on working.
      if (!kept) throw error;
      logger.warn('credentials', { cause: describe(error) });
    }
    readAtMs = now();
    return kept;
  }

  /** One reading at a time, whoever asks. */
  function fresh(keepMs: number): Promise<Credentials> {
    if (kept && now() - readAtMs < keepMs) return Promise.resolve(kept);
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  return {
    current: () => fresh(KEEP_MS),
    async insteadOf(refused) {
      const found = await fresh(KEEP_REFUSED_MS[source.kind]);
      return isSame(found, refused) ? undefined : found;
    },
  };
}

function inTime<T>(reading: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('KMS_CREDENTIALS: not read in time')), READ_MS);
  return Promise.race([reading, promise]).finally(() => clearTimeout(timer));
}

async function readFrom(source: CredentialsSource): Promise<Credentials> {
  if (source.kind === 'env') return source.credentials;
  return source.kind === 'file' ? readCredentialsFile(source.path) : readSecret(source.aws, source.secretId);
}

async function readCredentialsFile(path: string): Promise<Credentials> {
  try {
    return parseCredentials(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`KMS_CREDENTIALS: ${path} cannot be used: ${(error as Error).message}`);
  }
}

async function readSecret(aws: AwsSettings, secretId: string): Promise<Credentials> {
  const call = awsCall(aws, { name: 'secretsmanager', target: 'secretsmanager', jsonVersion: '1.1' });
  const { SecretString: text } = await retrying(READ_MS, (timeoutMs) =>
    call('GetSecretValue', { SecretId: secretId }, timeoutMs),
  );
  return parseCredentials(String(text ?? ''));
}

const FORM = 'it must hold {"access_key": "…", "secret_key": "…"}, and "security_token" for temporary credentials';
const value = z.string().check(z.minLength(1), z.regex(/^[\x21-\x7e]+$/));
const FILE = z.object({ access_key: value, secret_key: value, security_token: z.optional(value) });

/** @throws an error that never holds anything of the text */
function parseCredentials(text: string): Credentials {
  const { success, data } = z.safeParse(FILE, jsonIn(text));
  if (!success) throw new Error(FORM);
  return { accessKey: data.access_key, secretKey: data.secret_key, securityToken: data.security_token };
}

function isSame(one: Credentials, other: Credentials): boolean {
  return (
    one.accessKey === other.accessKey && one.secretKey === other.secretKey && one.securityToken === other.securityToken
  );
}
