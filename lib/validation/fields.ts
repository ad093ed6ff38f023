/**
 * What a body may hold. Each field knows its form and the code it fails with; a missing one is always KMS.0204.
 * Source: KMS API reference, the request tables of each API; shared lengths and patterns are named once.
 */
import * as z from 'zod/mini';
import { OPERATIONS } from '../domain/model.ts';
import { ERRORS, type ErrorCode, KmsError } from '../errors.ts';

/** The largest page, and the default. Source: list-grants, `limit`. */
export const LIMIT_MAX = 1000;

/** A refusal that names its code and says what to put right. */
const failing = (code: ErrorCode, detail: string) => ({
  error: ({ input }: { input?: unknown }) => (input === undefined ? 'KMS.0204' : `${code} ${detail}`),
});

/** A field whose forms are more than one schema says: `parse` answers undefined for what is none of them. */
function custom<T>(code: ErrorCode, detail: string, parse: (input: unknown) => T | undefined) {
  return z.pipe(
    z.unknown(),
    z.transform((input, context): T => {
      const value = parse(input);
      if (value !== undefined) return value;
      const message = input === undefined ? 'KMS.0204' : `${code} ${detail}`;
      context.issues.push({ code: 'custom', message, input });
      return z.NEVER;
    }),
  );
}

/** A JSON number, or 1 to 4 digits, between the bounds; undefined for all else. */
function wholeNumber(input: unknown, min: number, max: number): number | undefined {
  const digits = typeof input === 'number' ? String(input) : input;
  if (typeof digits !== 'string' || !/^\d{1,4}$/.test(digits)) return undefined;
  const number = Number(digits);
  return number >= min && number <= max ? number : undefined;
}

function text(pattern: RegExp, code: ErrorCode, detail: string) {
  const fails = failing(code, detail);
  return z.string(fails).check(z.regex(pattern, fails));
}

const KEY_ID = /^[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12}$/;
const GRANT_ID = /^[A-Fa-f0-9]{64}$/;
const PRINCIPAL = /^[a-zA-Z0-9]{1,64}$/;
/** Of an event. */
const EVENT_ID = /^[a-f0-9]{32}$/;
const NAME = /^[a-zA-Z0-9:/_-]{1,255}$/;

const OPERATIONS_DETAIL = `operations must be an array of 1 to 10 of: ${OPERATIONS.join(', ')}.`;

export const keyId = text(KEY_ID, 'KMS.0205', 'key_id must be 36 characters, 8-4-4-4-12 of 0-9 and a-z.');

/** Upper case is accepted and folded. */
export const grantId = z.pipe(
  text(GRANT_ID, 'KMS.2501', 'grant_id must be 64 hexadecimal characters.'),
  z.transform((id) => id.toLowerCase()),
);

export const principal = (name: string) => text(PRINCIPAL, 'KMS.2402', `${name} must be 1 to 64 letters and digits.`);

export const optionalPrincipal = (name: string) => z.optional(principal(name));

export const optionalKeyId = z.optional(keyId);

export const optionalGrantId = z.optional(grantId);

export const principalType = z.optional(
  z.enum(['user', 'domain'], failing('KMS.0308', 'grantee_principal_type must be user or domain.')),
);

const badOperations = failing('KMS.0308', OPERATIONS_DETAIL);

const operationList = z
  .array(z.enum(OPERATIONS, badOperations), badOperations)
  .check(z.minLength(1, badOperations), z.maxLength(10, badOperations));

/** Duplicates are dropped. Not documented whether they are refused; ten are allowed of nine, so some must be. */
export const operations = z
  .pipe(
    operationList,
    z.transform((list) => [...new Set(list)]),
  )
  .check(z.refine((list) => list.some((operation) => operation !== 'create-grant'), 'KMS.2401'));

/** Which grants are meant: those that allow one of these. */
export const operationsFilter = z.optional(operationList);

/** Why something was done, for its receipt. */
export const reason = optionalText(
  text(/^[^\p{C}\p{Zl}\p{Zp}]{1,255}$/u, 'KMS.0308', 'reason must be 1 to 255 printable characters.'),
);

/** A JSON boolean, or the same as a string, as other fields of the API are. */
export const flag = (name: string) =>
  z.optional(
    custom('KMS.0308', `${name} must be true or false.`, (input) => {
      if (input === true || input === 'true') return true;
      return input === false || input === 'false' ? false : undefined;
    }),
  );

/** What a dry run was answered with. */
export const digest = z.optional(
  text(/^[a-f0-9]{64}$/, 'KMS.0308', 'digest must be the 64 characters that a dry run has answered.'),
);

export const grantName = z.optional(text(NAME, 'KMS.0308', 'name must be 1 to 255 letters, digits or : / _ -'));

/** A name that could be taken for a default master key's is not to be had. Source: create-key, `key_alias`. */
export const keyAlias = text(NAME, 'KMS.1101', 'key_alias must be 1 to 255 letters, digits or : / _ -').check(
  z.refine((alias) => !alias.endsWith('/default'), 'KMS.1101 key_alias must not end in /default.'),
);

export const keyDescription = z.optional(
  z
    .string(failing('KMS.1103', 'key_description must be a text.'))
    .check(z.maxLength(255, failing('KMS.1103', 'key_description must be at most 255 characters.'))),
);

const CIPHER = ['ENCRYPT_DECRYPT'] as const;
const SIGNER = ['SIGN_VERIFY'] as const;
const SIGNER_OR_CIPHER = ['SIGN_VERIFY', 'ENCRYPT_DECRYPT'] as const;
const MAC = ['GENERATE_VERIFY_MAC'] as const;

/** Key specs, and the usages of each, the default first. Source: create-key, `key_spec` and `key_usage`. */
export const KEY_USAGES = {
  AES_256: CIPHER,
  SM4: CIPHER,
  RSA_2048: SIGNER_OR_CIPHER,
  RSA_3072: SIGNER_OR_CIPHER,
  RSA_4096: SIGNER_OR_CIPHER,
  EC_P256: SIGNER,
  EC_P384: SIGNER,
  SECP256K1: SIGNER,
  SM2: SIGNER_OR_CIPHER,
  ED25519: SIGNER,
  HMAC_256: MAC,
  HMAC_384: MAC,
  HMAC_512: MAC,
  HMAC_SM3: MAC,
} as const;
type KeySpec = keyof typeof KEY_USAGES;
const KEY_SPECS = Object.keys(KEY_USAGES) as [KeySpec, ...KeySpec[]];

export const keySpec = z.optional(
  z.enum(KEY_SPECS, failing('KMS.0308', `key_spec must be one of: ${KEY_SPECS.join(', ')}.`)),
);

export const keySpecFilter = z.optional(
  z.enum([...KEY_SPECS, 'ALL'], failing('KMS.0308', `key_spec must be ALL or one of: ${KEY_SPECS.join(', ')}.`)),
);

export const keyUsage = z.optional(
  z.enum(
    ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC'],
    failing('KMS.0308', 'key_usage must be ENCRYPT_DECRYPT, SIGN_VERIFY or GENERATE_VERIFY_MAC.'),
  ),
);

/** Only keys that the service makes itself: there is no key material to import here. */
export const keyOrigin = z.optional(z.enum(['kms'], failing('KMS.0308', 'origin must be kms.')));

export const keyStateFilter = z.optional(text(/^[1-5]$/, 'KMS.0308', 'key_state must be a digit from 1 to 5.'));

/** Documented as a string; some clients send a number. */
export const pendingDays = custom('KMS.1401', 'Send pending_days as a whole number.', (input) =>
  wholeNumber(input, 7, 1096),
);

/** A string of digits as documented, or a number as Terraform sends it. Empty is absent. */
export const limit = optionalText(
  custom('KMS.1601', `limit must be a whole number from 1 to ${LIMIT_MAX}.`, (input) =>
    wholeNumber(input, 1, LIMIT_MAX),
  ),
);

export interface Marker {
  after?: string;
  offset?: number;
}

/** Where a page starts: `next_marker` of the page before (an id), or the documented offset of 1 to 4 digits. */
function marker(id: RegExp) {
  return optionalText(
    custom('KMS.1602', 'Pass next_marker of the page before, or an offset of up to 4 digits.', (input) => {
      const offset = wholeNumber(input, 0, 9999);
      if (offset !== undefined) return { offset } as Marker;
      return typeof input === 'string' && id.test(input) ? ({ after: input.toLowerCase() } as Marker) : undefined;
    }),
  );
}

export const grantMarker = marker(GRANT_ID);
export const keyMarker = marker(KEY_ID);
/** Where receipts go on: they have no numeric offset. */
export const eventMarker = optionalText(text(EVENT_ID, 'KMS.1602', 'Pass next_marker of the page before.'));

export const sequence = optionalText(
  text(/^[0-9a-zA-Z-]{36}$/, 'KMS.0206', 'sequence must be 36 characters, such as a UUID.'),
);

/** An empty text counts as absent: the documents' own samples send it. */
function optionalText<T extends z.core.$ZodType>(field: T) {
  return z.pipe(
    z.transform((input: unknown) => (input === '' ? undefined : input)),
    z.optional(field),
  );
}

export type Fields = Readonly<Record<string, z.core.$ZodType>>;
export type Body<F extends Fields> = { [Name in keyof F]: z.output<F[Name]> };

/**
 * Prepares the check of a body. What is not a field is ignored, as real clients send more; null counts as absent. Both are
 * refused where `isExact`: there a field narrows what is taken away, and one that was mistaken would widen it to everything.
 * @returns the body's values, or throws the code of the first fault: a missing field before a malformed one
 */
export function bodyParser<F extends Fields>(
  fields: F,
  { isExact = false }: { isExact?: boolean } = {},
): (input: Record<string, unknown>) => Body<F> {
  const schema = z.object(fields);
  return (input) => {
    if (isExact) assertExact(fields, input);
    const present = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
    const result = z.safeParse(schema, present);
    if (result.success) return result.data as Body<F>;
    const faults = result.error.issues;
    const missing = faults.find(({ message }) => message === 'KMS.0204');
    if (missing) throw new KmsError('KMS.0204', { detail: `${missing.path.join('.')} is required.` });
    const [code = '', ...detail] = (faults[0]?.message ?? '').split(' ');
    throw new KmsError(code in ERRORS ? (code as ErrorCode) : 'KMS.0308', { detail: detail.join(' ') });
  };
}

function assertExact(fields: Fields, input: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(input)) {
    if (!Object.hasOwn(fields, name)) {
      throw new KmsError('KMS.0308', {
        detail: `There may be no other fields than: ${Object.keys(fields).join(', ')}.`,
      });
    }
    if (value === null) throw new KmsError('KMS.0308', { detail: `${name} must not be null.` });
  }
}
