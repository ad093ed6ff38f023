import * as z from 'zod/mini';
import type { AwsSettings } from './aws/call.ts';

const wholeNumber = (min: number, max: number) => {
  const fails = { error: `must be a whole number from ${min} to ${max}` };
  return z
    .pipe(z.string().check(z.regex(/^\d{1,9}$/, fails)), z.transform(Number))
    .check(z.refine((number) => number >= min && number <= max, fails));
};

const named = (pattern: RegExp, error: string) => z.string().check(z.regex(pattern, { error }));

const ORIGIN = /^https?:\/\/[\w.-]+(:\d{1,5})?$/;

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
  return {
    host: data.HOST,
    port: data.PORT,
    dataDir: data.DATA_DIR,
    corsOrigins: data.CORS_ORIGINS,
    region: data.REGION,
    grantsPerKey: data.GRANTS_PER_KEY,
    keysPerProject: data.KEYS_PER_PROJECT,
    dynamodb: data.STORE === 'dynamodb' ? dynamodbOf(data) : undefined,
    rootKeySecret: data.ROOT_KEY_SECRET,
  };
}

/** What AWS needs to know; a local DynamoDB takes any credentials. */
function dynamodbOf(data: Settings): Config['dynamodb'] {
  const endpoint = data.DYNAMODB_ENDPOINT;
  const required = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const missing = required.filter((name) => data[name] === undefined);
  if (missing.length > 0 && endpoint === undefined) {
    throw refusal(missing.map((name) => `${name} must be set for STORE=dynamodb without DYNAMODB_ENDPOINT`));
  }
  const { AWS_REGION = 'local', AWS_ACCESS_KEY_ID = 'local', AWS_SECRET_ACCESS_KEY = 'local' } = data;
  const aws = {
    region: AWS_REGION,
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: data.AWS_SESSION_TOKEN,
  };
  return { table: data.TABLE, endpoint, aws };
}

/** The settings of this process. Nothing else reads its environment. */
export function readConfig(): Config {
  return parseConfig(process.env);
}
