import { isIP } from 'node:net';
import * as z from 'zod/mini';
import type { AwsSettings } from './clients/aws.ts';
import type { ProxySettings } from './clients/connections.ts';
import type { CredentialsSource } from './clients/credentials.ts';
import type { SecretReference } from './clients/secrets.ts';
import { VISIBLE_ASCII } from './domain/characters.ts';

const wholeNumber = (min: number, max: number) => {
  const params = { error: `must be a whole number from ${min} to ${max}` };
  return z
    .pipe(z.string().check(z.regex(/^\d{1,9}$/, params)), z.transform(Number))
    .check(z.refine((number) => number >= min && number <= max, params));
};

const text = (pattern: RegExp, error: string) => z.string().check(z.regex(pattern, { error }));

const ORIGIN = /^https?:\/\/[\w.-]+(:\d{1,5})?$/;

/** Requests to these origins carry credentials, so plain HTTP is allowed only to this machine. */
const SECURE_ORIGIN = /^(https:\/\/[\w.-]+|http:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\]))(:\d{1,5})?$/;
const NOT_SECURE = 'must be an origin such as https://kms.example.com; http:// is allowed only for this machine';
const secureOrigin = () =>
  z.optional(text(SECURE_ORIGIN, NOT_SECURE).check(z.refine((origin) => URL.canParse(origin), NOT_SECURE)));

const NOT_AN_ADDRESS = 'must be an address such as https://kms.example.com, without a path';

/** Credentials are sent in headers. A character that no header can hold must be found at startup. */
const credential = () =>
  z.optional(text(new RegExp(`^[${VISIBLE_ASCII}]+$`), 'must be printable ASCII without spaces'));

const secretReference = () =>
  z.optional(text(/^(file:.+|aws:[\w/+=.@:-]{1,512})$/, 'must be file:<path> or aws:<name or ARN of a secret>'));

const PROXY_URL = /^https?:\/\/[^\s/]+\/?$/;
const proxyUrl = () =>
  z.optional(
    text(PROXY_URL, 'must be the URL of an HTTP proxy, such as http://proxy.example.com:3128').check(
      z.refine((url) => URL.canParse(url), 'must be the URL of an HTTP proxy'),
    ),
  );

const list = (isValid: (item: string) => boolean, error: string, defaultText = '') =>
  z.prefault(
    z
      .pipe(
        z.string(),
        z.transform((text) =>
          text
            .split(',')
            .map((item) => item.trim())
            .filter((item) => item !== ''),
        ),
      )
      .check(z.refine((items) => items.every(isValid), { error })),
    defaultText,
  );

function isAddressRange(text: string): boolean {
  const [, address = '', prefix = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(prefix) <= (version === 4 ? 32 : 128);
}

const APPROVAL_RULE = /^(?:(revoke|revoke-all)=|grants>(\d{1,9})=)?([12])$/;
const NOT_RULES =
  'must be rules separated by commas: 1 or 2, revoke=<1 or 2>, revoke-all=<1 or 2>, grants><number>=<1 or 2>';

const queueUrl = () => z.optional(text(/^https?:\/\/[\w.-]+(:\d{1,5})?\/[\w./-]+$/, 'must be the URL of an SQS queue'));

/** All settings, with their names in the environment, their forms and their defaults; see docs/configuration.md. */
const SETTINGS = z.object({
  HOST: z._default(z.string().check(z.minLength(1, { error: 'must be a host name or address' })), '127.0.0.1'),
  PORT: z.prefault(wholeNumber(0, 65_535), '8080'),
  DATA_DIR: z._default(z.string().check(z.minLength(1, { error: 'must be a folder' })), '.data'),
  CORS_ORIGINS: list(
    (origin) => ORIGIN.test(origin),
    'must be origins such as https://app.example.com, separated by commas',
  ),
  CONSOLE: z._default(z.enum(['on', 'off'], { error: 'must be on or off' }), 'on'),
  /** The address of the service in version documents and service catalogs. */
  PUBLIC_URL: z.optional(
    text(/^https?:\/\/([\w.-]+|\[[\da-fA-F:.]+\])(:\d{1,5})?$/, NOT_AN_ADDRESS).check(
      z.refine((url) => URL.canParse(url), NOT_AN_ADDRESS),
    ),
  ),
  TRUSTED_PROXIES: list(isAddressRange, 'must be addresses or CIDR ranges such as 10.0.0.0/8, separated by commas'),
  /** The `realm` in replies about keys. */
  REGION: z._default(text(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits or . _ -'), 'local-1'),
  GRANTS_PER_KEY: z.prefault(wholeNumber(1, 1_000_000), '100'),
  KEYS_PER_PROJECT: z.prefault(wholeNumber(1, 1_000_000), '100'),
  STORE: z._default(z.enum(['sqlite', 'dynamodb'], { error: 'must be sqlite or dynamodb' }), 'sqlite'),
  TABLE: z._default(text(/^[\w.-]{3,255}$/, 'must be 3 to 255 letters, digits or . _ -'), 'kms-grants'),
  /** A local DynamoDB. Without it, the table is in AWS. */
  DYNAMODB_ENDPOINT: z.optional(text(ORIGIN, 'must be an address such as http://127.0.0.1:8000')),
  ROOT_KEY_SECRET: z.optional(text(/^[\w/+=.@:-]{1,512}$/, 'must be the name or ARN of a secret')),
  AUTHORITY: z._default(z.enum(['standalone', 'upstream'], { error: 'must be standalone or upstream' }), 'standalone'),
  KMS_ENDPOINT: secureOrigin(),
  KMS_CREDENTIALS: z.optional(
    text(
      /^(caller|env|file:.+|aws:[\w/+=.@:-]{1,512})$/,
      'must be caller, env, file:<path> or aws:<name or ARN of a secret>',
    ),
  ),
  /** This and the next two are used with KMS_CREDENTIALS=env. */
  KMS_ACCESS_KEY: credential(),
  KMS_SECRET_KEY: credential(),
  KMS_SECURITY_TOKEN: credential(),
  KMS_RATE_PER_SECOND: z.prefault(wholeNumber(1, 1_000), '20'),
  KMS_TIMEOUT_SECONDS: z.prefault(wholeNumber(1, 25), '20'),
  IDENTITY: z._default(z.enum(['directory', 'keystone'], { error: 'must be directory or keystone' }), 'directory'),
  IAM_ENDPOINT: secureOrigin(),
  TOKEN_CACHE_SECONDS: z.prefault(wholeNumber(0, 300), '30'),
  PROJECTS: z.optional(text(/^[\w-]{1,64}(, *[\w-]{1,64})*$/, 'must be project ids, separated by commas')),
  /** Where the configuration of inbound webhook sources and of chat sources is. */
  HOOKS: secretReference(),
  /** Where the configuration of outbound webhook targets is. */
  TARGETS: secretReference(),
  /** Only the admin command `redeliver` uses it. Not checked here: other programs set it too. */
  GITHUB_TOKEN: z.optional(z.string()),
  /** How many people it takes to revoke from chat. */
  CHAT_APPROVERS: list((rule) => APPROVAL_RULE.test(rule), NOT_RULES, '1').check(
    z.refine((rules) => rules.length > 0, { error: NOT_RULES }),
  ),
  QUEUE_URL: queueUrl(),
  DEAD_LETTER_URL: queueUrl(),
  /** Of both spellings, the lower-case one counts first, as in other programs. */
  HTTP_PROXY: proxyUrl(),
  http_proxy: proxyUrl(),
  HTTPS_PROXY: proxyUrl(),
  https_proxy: proxyUrl(),
  NO_PROXY: z.optional(z.string()),
  no_proxy: z.optional(z.string()),
  AWS_REGION: z.optional(text(/^[a-z0-9-]{1,32}$/, 'must be a region such as eu-central-1')),
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
  /** Whether the service has the console. */
  hasConsole: boolean;
  /** Undefined for the host of each request. */
  publicUrl: string | undefined;
  /** Addresses and CIDR ranges of the proxies in front of this process. */
  trustedProxies: string[];
  region: string;
  grantsPerKey: number;
  keysPerProject: number;
  /** Undefined for the SQLite store. */
  dynamodb: { table: string; endpoint: string | undefined; aws: AwsSettings } | undefined;
  /** Name or ARN of the secret with the root keys; undefined if they are in the data folder. */
  rootKeySecret: string | undefined;
  /** The KMS behind this service; undefined for the standalone authority. */
  upstream: UpstreamSettings | undefined;
  /** The IAM that authenticates callers; undefined for the embedded directory. */
  keystone: { endpoint: string; cacheSeconds: number } | undefined;
  /** Where the configuration of inbound webhook sources and of chat sources is. */
  hooks: SecretReference | undefined;
  /** Where the configuration of outbound webhook targets is. */
  targets: SecretReference | undefined;
  /** For GitHub's API; only the admin command `redeliver` calls it. */
  gitHubToken: string | undefined;
  /** Of the rules that apply to a request from chat, the one with the most people counts; without one, it is 1. */
  chatApprovers: readonly ApprovalRule[];
  /** For secrets of AWS that other settings name; undefined without AWS_REGION. */
  aws: AwsSettings | undefined;
  /** Undefined for the queue in SQLite. */
  sqs: { queueUrl: string; deadLetterUrl: string | undefined; aws: AwsSettings } | undefined;
  /** The proxies of all outgoing connections; undefined where there are none. */
  proxies: ProxySettings | undefined;
  /** The projects that this service serves; undefined for every project of its callers. */
  projects: string[] | undefined;
}

/** How many people it takes to revoke from chat; without `action` and `grantsAbove`, for every request. */
export interface ApprovalRule {
  people: 1 | 2;
  action?: 'revoke' | 'revoke-all';
  /** The rule applies to requests that would revoke more grants than this. */
  grantsAbove?: number;
}

export interface UpstreamSettings {
  /** Such as `https://kms.eu-de.otc.t-systems.com`. */
  endpoint: string;
  /** `caller` forwards the token of each caller. */
  credentials: 'caller' | CredentialsSource;
  ratePerSecond: number;
  /** For all calls of one request together, including their wait for the rate limit. */
  timeoutMs: number;
}

/** Aborts startup. The message names each invalid variable and says what is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

function configError(problems: readonly string[]): ConfigError {
  return new ConfigError(['Invalid settings:', ...new Set(problems)].join('\n  '));
}

/**
 * Parses the settings.
 * @param env the environment; an empty value counts as absent
 * @throws ConfigError if a setting is invalid, missing or contradicts another
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = z.safeParse(SETTINGS, given);
  if (!result.success) {
    throw configError(result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`));
  }
  const { data } = result;
  const problems = conflictsOf(data);
  if (problems.length > 0) throw configError(problems);
  return {
    host: data.HOST,
    port: data.PORT,
    dataDir: data.DATA_DIR,
    corsOrigins: data.CORS_ORIGINS,
    hasConsole: data.CONSOLE === 'on',
    publicUrl: data.PUBLIC_URL,
    trustedProxies: data.TRUSTED_PROXIES,
    region: data.REGION,
    grantsPerKey: data.GRANTS_PER_KEY,
    keysPerProject: data.KEYS_PER_PROJECT,
    dynamodb:
      data.STORE === 'dynamodb'
        ? { table: data.TABLE, endpoint: data.DYNAMODB_ENDPOINT, aws: awsOf(data, data.DYNAMODB_ENDPOINT && 'local') }
        : undefined,
    rootKeySecret: data.ROOT_KEY_SECRET,
    upstream: data.AUTHORITY === 'upstream' ? upstreamOf(data) : undefined,
    keystone:
      data.IDENTITY === 'keystone' && data.IAM_ENDPOINT
        ? { endpoint: data.IAM_ENDPOINT, cacheSeconds: data.TOKEN_CACHE_SECONDS }
        : undefined,
    hooks: referenceOf(data, data.HOOKS),
    targets: referenceOf(data, data.TARGETS),
    gitHubToken: data.GITHUB_TOKEN,
    chatApprovers: data.CHAT_APPROVERS.map(approvalRuleOf),
    aws: data.AWS_REGION === undefined ? undefined : awsOf(data),
    sqs: data.QUEUE_URL
      ? {
          queueUrl: data.QUEUE_URL,
          deadLetterUrl: data.DEAD_LETTER_URL,
          aws: awsOf(data, data.QUEUE_URL.startsWith('http:') ? 'local' : undefined),
        }
      : undefined,
    proxies: proxiesOf(data),
    projects: data.PROJECTS?.split(/, */),
  };
}

/** Access to AWS also needs credentials. On one machine, they may come from elsewhere (local/aws-credentials.ts). */
const AWS_NAMES = ['AWS_REGION'] as const;
const AWS_KEY_NAMES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
const KMS_NAMES = ['KMS_ACCESS_KEY', 'KMS_SECRET_KEY'] as const;

/** Returns what is wrong with the combination of settings. */
function conflictsOf(data: Settings): string[] {
  const problems: string[] = [];
  const need = (names: readonly (keyof Settings)[], reason: string) => {
    for (const name of names) if (data[name] === undefined) problems.push(`${name} must be set for ${reason}`);
  };
  if (data.STORE === 'dynamodb' && !data.DYNAMODB_ENDPOINT) need(AWS_NAMES, 'STORE=dynamodb without DYNAMODB_ENDPOINT');
  if (data.IDENTITY === 'keystone') need(['IAM_ENDPOINT'], 'IDENTITY=keystone');
  // Without AUTHORITY=upstream, the service would use its own, empty store instead of the upstream.
  if (data.AUTHORITY !== 'upstream' && data.KMS_ENDPOINT) {
    problems.push('KMS_ENDPOINT is set, so AUTHORITY must be upstream');
  }
  if (data.IDENTITY !== 'keystone' && data.IAM_ENDPOINT) {
    problems.push('IAM_ENDPOINT is set, so IDENTITY must be keystone');
  }
  for (const name of ['HOOKS', 'TARGETS'] as const) {
    if (data[name]?.startsWith('aws:')) need(AWS_NAMES, `${name}=aws:`);
  }
  if (data.QUEUE_URL?.startsWith('https:')) need(AWS_NAMES, 'QUEUE_URL');
  if (data.AWS_ACCESS_KEY_ID ?? data.AWS_SECRET_ACCESS_KEY) need(AWS_KEY_NAMES, 'an access key of AWS');
  if (data.HOOKS && data.KMS_CREDENTIALS === 'caller') {
    problems.push(
      'KMS_CREDENTIALS must be env, file: or aws: because HOOKS is set: webhooks and chat carry no token of a caller',
    );
  }
  if (data.AUTHORITY === 'upstream') {
    need(['KMS_ENDPOINT', 'KMS_CREDENTIALS'], 'AUTHORITY=upstream');
    if (data.KMS_CREDENTIALS === 'env') need(KMS_NAMES, 'KMS_CREDENTIALS=env');
    if (data.KMS_CREDENTIALS?.startsWith('aws:')) need(AWS_NAMES, 'KMS_CREDENTIALS=aws:');
    if (data.KMS_CREDENTIALS === 'caller' && data.IDENTITY !== 'keystone') {
      problems.push('IDENTITY must be keystone for KMS_CREDENTIALS=caller: it checks the tokens that are forwarded');
    }
  }
  return problems;
}

/** @param fallback for a local DynamoDB or SQS, which accepts any region and credentials */
function awsOf(data: Settings, fallback?: string): AwsSettings {
  const { AWS_REGION = fallback ?? '', AWS_ACCESS_KEY_ID = fallback, AWS_SECRET_ACCESS_KEY = fallback } = data;
  return {
    region: AWS_REGION,
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: data.AWS_SESSION_TOKEN,
  };
}

/** Requests to this machine may be without TLS, so no proxy must see or answer them. In the form of NO_PROXY. */
const LOOPBACK = 'localhost,127.0.0.1-127.255.255.254,::1,[::1]';

function proxiesOf(data: Settings): ProxySettings | undefined {
  const HTTP_PROXY = data.http_proxy ?? data.HTTP_PROXY;
  const HTTPS_PROXY = data.https_proxy ?? data.HTTPS_PROXY;
  if (!HTTP_PROXY && !HTTPS_PROXY) return undefined;
  const named = data.no_proxy ?? data.NO_PROXY;
  return { HTTP_PROXY, HTTPS_PROXY, NO_PROXY: named === '*' ? named : [named, LOOPBACK].filter(Boolean).join(',') };
}

function upstreamOf(data: Settings): UpstreamSettings {
  return {
    endpoint: data.KMS_ENDPOINT ?? '',
    credentials: credentialsOf(data),
    ratePerSecond: data.KMS_RATE_PER_SECOND,
    timeoutMs: data.KMS_TIMEOUT_SECONDS * 1000,
  };
}

const referenceOf = (data: Settings, value = '') => parseSecretReference(value, awsOf(data));

/** Returns undefined unless the text is `file:<path>` or `aws:<name or ARN of a secret>`. */
export function parseSecretReference(text: string, aws: AwsSettings): SecretReference | undefined {
  const [, kind, name = ''] = /^(file|aws):(.+)$/.exec(text) ?? [];
  if (kind === 'file') return { kind, path: name };
  return kind === 'aws' ? { kind, secretId: name, aws } : undefined;
}

function approvalRuleOf(text: string): ApprovalRule {
  const [, action, grants, people] = APPROVAL_RULE.exec(text) ?? [];
  return {
    people: people === '2' ? 2 : 1,
    ...(action && { action: action as 'revoke' | 'revoke-all' }),
    ...(grants && { grantsAbove: Number(grants) }),
  };
}

function credentialsOf(data: Settings): 'caller' | CredentialsSource {
  const { KMS_CREDENTIALS = '', KMS_ACCESS_KEY = '', KMS_SECRET_KEY = '' } = data;
  const reference = referenceOf(data, KMS_CREDENTIALS);
  if (reference) return reference;
  if (KMS_CREDENTIALS === 'caller') return 'caller';
  const securityToken = data.KMS_SECURITY_TOKEN;
  return { kind: 'env', credentials: { accessKey: KMS_ACCESS_KEY, secretKey: KMS_SECRET_KEY, securityToken } };
}

/** Parses the environment of this process. No other module reads it. */
export function readConfig(): Config {
  return parseConfig(process.env);
}

/** Whether this process is a deployed function, which is reached by HTTPS only. */
export function isOnLambda(): boolean {
  return process.env['AWS_LAMBDA_FUNCTION_NAME'] !== undefined;
}
