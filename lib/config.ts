import * as z from 'zod/mini';
import type { AwsSettings } from './clients/aws.ts';
import type { CredentialsSource } from './clients/credentials.ts';
import type { SecretReference } from './clients/secrets.ts';

const wholeNumber = (min: number, max: number) => {
  const fails = { error: `must be a whole number from ${min} to ${max}` };
  return z
    .pipe(z.string().check(z.regex(/^\d{1,9}$/, fails)), z.transform(Number))
    .check(z.refine((number) => number >= min && number <= max, fails));
};

const named = (pattern: RegExp, error: string) => z.string().check(z.regex(pattern, { error }));

const ORIGIN = /^https?:\/\/[\w.-]+(:\d{1,5})?$/;

/** Credentials go there: in clear text they may not leave the machine. */
const REMOTE = /^(https:\/\/[\w.-]+|http:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\]))(:\d{1,5})?$/;
const NOT_REMOTE = 'must be an origin such as https://kms.example.com, or http:// on this machine only';
const remote = () =>
  z.optional(named(REMOTE, NOT_REMOTE).check(z.refine((origin) => URL.canParse(origin), NOT_REMOTE)));

/** What a header can hold: one that cannot would be told by name where it fails. */
const credential = () => z.optional(named(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces'));

const reference = () =>
  z.optional(named(/^(file:.+|aws:[\w/+=.@:-]{1,512})$/, 'must be file:<path> or aws:<name or ARN of a secret>'));

const queueUrl = () =>
  z.optional(named(/^https?:\/\/[\w.-]+(:\d{1,5})?\/[\w./-]+$/, 'must be the URL of an SQS queue'));

/** Every setting: its name in the environment, its form and its default. The README's table tells the same. */
const SETTINGS = z.object({
  HOST: z._default(z.string().check(z.minLength(1, { error: 'must be a host name or address' })), '127.0.0.1'),
  PORT: z.prefault(wholeNumber(0, 65_535), '8080'),
  DATA_DIR: z._default(z.string().check(z.minLength(1, { error: 'must be a folder' })), '.data'),
  CORS_ORIGINS: z.prefault(
    z
      .pipe(
        z.string(),
        z.transform((list) =>
          list
            .split(',')
            .map((origin) => origin.trim())
            .filter((origin) => origin !== ''),
        ),
      )
      .check(
        z.refine((origins) => origins.every((origin) => ORIGIN.test(origin)), {
          error: 'must be origins such as https://app.example.com, separated by commas',
        }),
      ),
    '',
  ),
  REGION: z._default(named(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits or . _ -'), 'local-1'),
  GRANTS_PER_KEY: z.prefault(wholeNumber(1, 1_000_000), '100'),
  KEYS_PER_PROJECT: z.prefault(wholeNumber(1, 1_000_000), '100'),
  STORE: z._default(z.enum(['sqlite', 'dynamodb'], { error: 'must be sqlite or dynamodb' }), 'sqlite'),
  TABLE: z._default(named(/^[\w.-]{3,255}$/, 'must be 3 to 255 letters, digits or . _ -'), 'kms-grants'),
  DYNAMODB_ENDPOINT: z.optional(named(ORIGIN, 'must be an address such as http://127.0.0.1:8000')),
  ROOT_KEY_SECRET: z.optional(named(/^[\w/+=.@:-]{1,512}$/, 'must be the name or ARN of a secret')),
  AUTHORITY: z._default(z.enum(['standalone', 'upstream'], { error: 'must be standalone or upstream' }), 'standalone'),
  KMS_ENDPOINT: remote(),
  KMS_CREDENTIALS: z.optional(
    named(
      /^(caller|env|file:.+|aws:[\w/+=.@:-]{1,512})$/,
      'must be caller, env, file:<path> or aws:<name or ARN of a secret>',
    ),
  ),
  KMS_ACCESS_KEY: credential(),
  KMS_SECRET_KEY: credential(),
  KMS_SECURITY_TOKEN: credential(),
  KMS_RATE_PER_SECOND: z.prefault(wholeNumber(1, 1_000), '20'),
  KMS_TIMEOUT_SECONDS: z.prefault(wholeNumber(1, 25), '20'),
  IDENTITY: z._default(z.enum(['directory', 'keystone'], { error: 'must be directory or keystone' }), 'directory'),
  IAM_ENDPOINT: remote(),
  TOKEN_CACHE_SECONDS: z.prefault(wholeNumber(0, 300), '30'),
  PROJECTS: z.optional(named(/^[\w-]{1,64}(, *[\w-]{1,64})*$/, 'must be ids of projects, separated by commas')),
  HOOKS: reference(),
  TARGETS: reference(),
  QUEUE_URL: queueUrl(),
  DEAD_LETTER_URL: queueUrl(),
  AWS_REGION: z.optional(named(/^[a-z0-9-]{1,32}$/, 'must be a region such as eu-central-1')),
  AWS_ACCESS_KEY_ID: z.optional(z.string()),
  AWS_SECRET_ACCESS_KEY: z.optional(z.string()),
  AWS_SESSION_TOKEN: z.optional(z.string()),
});
type Settings = z.output<typeof SETTINGS>;

export interface Config {
  host: string;
  port: number;
  dataDir: string;
  corsOrigins: string[];
  region: string;
  grantsPerKey: number;
  keysPerProject: number;
  /** Where keys and grants are, when not in SQLite. */
  dynamodb: { table: string; endpoint: string | undefined; aws: AwsSettings } | undefined;
  /** Name or ARN of the secret that holds the root keys, when they are not in the data folder. */
  rootKeySecret: string | undefined;
  /** The KMS that this service stands in front of, when it is not its own authority. */
  upstream: UpstreamSettings | undefined;
  /** The IAM that tells who is calling, when that is not the embedded directory. */
  keystone: { endpoint: string; cacheSeconds: number } | undefined;
  /** Where it is told who may send hooks. */
  hooks: SecretReference | undefined;
  /** Where it is told who hears of changes. */
  targets: SecretReference | undefined;
  /** Where work waits, when not in a table of this machine. */
  sqs: { queueUrl: string; deadLetterUrl: string | undefined; aws: AwsSettings } | undefined;
  /** The only projects served; undefined for all that callers have. */
  projects: string[] | undefined;
}

export interface UpstreamSettings {
  /** Such as `https://kms.eu-de.otc.t-systems.com`. */
  endpoint: string;
  /** `caller`: the caller's own token is passed on. */
  credentials: 'caller' | CredentialsSource;
  ratePerSecond: number;
  /** For all that one request sends, waiting included. */
  timeoutMs: number;
}

/** Settings that cannot be used; the message lists each with what is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

function refusal(faults: readonly string[]): ConfigError {
  return new ConfigError(['These settings cannot be used:', ...new Set(faults)].join('\n  '));
}

/**
 * Reads the settings.
 * @param env an empty value counts as absent
 * @throws ConfigError
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = z.safeParse(SETTINGS, given);
  if (!result.success) {
    throw refusal(result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`));
  }
  const { data } = result;
  const faults = conflictsOf(data);
  if (faults.length > 0) throw refusal(faults);
  return {
    host: data.HOST,
    port: data.PORT,
    dataDir: data.DATA_DIR,
    corsOrigins: data.CORS_ORIGINS,
    region: data.REGION,
    grantsPerKey: data.GRANTS_PER_KEY,
    keysPerProject: data.KEYS_PER_PROJECT,
    dynamodb:
      data.STORE === 'dynamodb'
        ? { table: data.TABLE, endpoint: data.DYNAMODB_ENDPOINT, aws: awsOf(data, 'local') }
        : undefined,
    rootKeySecret: data.ROOT_KEY_SECRET,
    upstream: data.AUTHORITY === 'upstream' ? upstreamOf(data) : undefined,
    keystone:
      data.IDENTITY === 'keystone' && data.IAM_ENDPOINT
        ? { endpoint: data.IAM_ENDPOINT, cacheSeconds: data.TOKEN_CACHE_SECONDS }
        : undefined,
    hooks: referenceOf(data, data.HOOKS),
    targets: referenceOf(data, data.TARGETS),
    sqs: data.QUEUE_URL
      ? { queueUrl: data.QUEUE_URL, deadLetterUrl: data.DEAD_LETTER_URL, aws: awsOf(data, 'local') }
      : undefined,
    projects: data.PROJECTS?.split(/, */),
  };
}

const AWS_NAMES = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
const KMS_NAMES = ['KMS_ACCESS_KEY', 'KMS_SECRET_KEY'] as const;

/** What settings ask of each other and do not have. */
function conflictsOf(data: Settings): string[] {
  const faults: string[] = [];
  const need = (names: readonly (keyof Settings)[], by: string) => {
    for (const name of names) if (data[name] === undefined) faults.push(`${name} must be set for ${by}`);
  };
  if (data.STORE === 'dynamodb' && !data.DYNAMODB_ENDPOINT) need(AWS_NAMES, 'STORE=dynamodb without DYNAMODB_ENDPOINT');
  if (data.IDENTITY === 'keystone') need(['IAM_ENDPOINT'], 'IDENTITY=keystone');
  // Whoever forgot the switch must not be served by an empty store instead of the cloud.
  if (data.AUTHORITY !== 'upstream' && data.KMS_ENDPOINT)
    faults.push('KMS_ENDPOINT is set: AUTHORITY must be upstream');
  if (data.IDENTITY !== 'keystone' && data.IAM_ENDPOINT) faults.push('IAM_ENDPOINT is set: IDENTITY must be keystone');
  for (const name of ['HOOKS', 'TARGETS'] as const) {
    if (data[name]?.startsWith('aws:')) need(AWS_NAMES, `${name}=aws:`);
  }
  if (data.QUEUE_URL?.startsWith('https:')) need(AWS_NAMES, 'QUEUE_URL');
  if (data.HOOKS && data.KMS_CREDENTIALS === 'caller') {
    faults.push('HOOKS needs other KMS_CREDENTIALS than caller: nobody calls when a hook comes');
  }
  if (data.AUTHORITY === 'upstream') {
    need(['KMS_ENDPOINT', 'KMS_CREDENTIALS'], 'AUTHORITY=upstream');
    if (data.KMS_CREDENTIALS === 'env') need(KMS_NAMES, 'KMS_CREDENTIALS=env');
    if (data.KMS_CREDENTIALS?.startsWith('aws:')) need(AWS_NAMES, 'KMS_CREDENTIALS=aws:');
    if (data.KMS_CREDENTIALS === 'caller' && data.IDENTITY !== 'keystone') {
      faults.push('KMS_CREDENTIALS=caller needs IDENTITY=keystone, which knows the tokens that are passed on');
    }
  }
  return faults;
}

/** @param fallback what a local DynamoDB is told, which takes any credentials */
function awsOf(data: Settings, fallback = ''): AwsSettings {
  const { AWS_REGION = fallback, AWS_ACCESS_KEY_ID = fallback, AWS_SECRET_ACCESS_KEY = fallback } = data;
  return {
    region: AWS_REGION,
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: data.AWS_SESSION_TOKEN,
  };
}

function upstreamOf(data: Settings): UpstreamSettings {
  return {
    endpoint: data.KMS_ENDPOINT ?? '',
    credentials: credentialsOf(data),
    ratePerSecond: data.KMS_RATE_PER_SECOND,
    timeoutMs: data.KMS_TIMEOUT_SECONDS * 1000,
  };
}

function referenceOf(data: Settings, value = ''): SecretReference | undefined {
  const [, kind, place = ''] = /^(file|aws):(.+)$/.exec(value) ?? [];
  if (kind === 'file') return { kind, path: place };
  return kind === 'aws' ? { kind, secretId: place, aws: awsOf(data) } : undefined;
}

function credentialsOf(data: Settings): 'caller' | CredentialsSource {
  const { KMS_CREDENTIALS = '', KMS_ACCESS_KEY = '', KMS_SECRET_KEY = '' } = data;
  const reference = referenceOf(data, KMS_CREDENTIALS);
  if (reference) return reference;
  if (KMS_CREDENTIALS === 'caller') return 'caller';
  const securityToken = data.KMS_SECURITY_TOKEN;
  return { kind: 'env', credentials: { accessKey: KMS_ACCESS_KEY, secretKey: KMS_SECRET_KEY, securityToken } };
}

/** The settings of this process. Nothing else reads its environment. */
export function readConfig(): Config {
  return parseConfig(process.env);
}

/** Whether this process is a deployed function, which is reached by HTTPS only. */
export function isOnLambda(): boolean {
  return process.env['AWS_LAMBDA_FUNCTION_NAME'] !== undefined;
}
