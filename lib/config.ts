import * as z from 'zod/mini';

const wholeNumber = (min: number, max: number) => {
  const fails = { error: `must be a whole number from ${min} to ${max}` };
  return z
    .pipe(z.string().check(z.regex(/^\d{1,9}$/, fails)), z.transform(Number))
    .check(z.refine((number) => number >= min && number <= max, fails));
};

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
  REGION: z._default(
    z.string().check(z.regex(/^[\w.-]{1,64}$/, { error: 'must be 1 to 64 letters, digits or . _ -' })),
    'local-1',
  ),
  GRANTS_PER_KEY: z.prefault(wholeNumber(1, 1_000_000), '100'),
  KEYS_PER_PROJECT: z.prefault(wholeNumber(1, 1_000_000), '100'),
});

export interface Config {
  host: string;
  port: number;
  dataDir: string;
  corsOrigins: string[];
  region: string;
  grantsPerKey: number;
  keysPerProject: number;
}

/** Settings that cannot be used; the message lists each with what is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
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
    const faults = result.error.issues.map(({ path, message }) => `  ${path.join('.')} ${message}`);
    throw new ConfigError(`These settings cannot be used:\n${[...new Set(faults)].join('\n')}`);
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
  };
}

/** The settings of this process. Nothing else reads its environment. */
export function readConfig(): Config {
  return parseConfig(process.env);
}
