/**
 * The fields of request bodies. An optional field may be missing; a missing required one fails with KMS.0204.
 * Source: KMS API reference, the request tables of each API.
 */
import * as z from 'zod/mini';
import { EVENT_ID_PATTERN, GRANT_ID_PATTERN, KEY_ID_PATTERN, PRINCIPAL_ID_PATTERN } from '../domain/ids.ts';
import { OPERATIONS } from '../domain/model.ts';
import { printable } from '../util/printable.ts';
import { choice, failsWith, field, optional, optionalText, parsed, ruleOf, text } from './field.ts';

/** The largest page, and the default. Source: list-grants, `limit`. */
export const LIMIT_MAX = 1000;

const NAME_PATTERN = /^[a-zA-Z0-9:/_-]{1,255}$/;

export const keyId = text(KEY_ID_PATTERN, 'KMS.0205', 'key_id must be 36 characters, 8-4-4-4-12 of 0-9 and a-z.');

export const optionalKeyId = optional(keyId);

/** In lower case, whatever the client sends. */
export const grantId = field(
  z.pipe(
    z.string().check(z.regex(GRANT_ID_PATTERN)),
    z.transform((id) => id.toLowerCase()),
  ),
  { code: 'KMS.2501', detail: 'grant_id must be 64 hexadecimal characters.' },
);

export const optionalGrantId = optional(grantId);

export const principal = (name: string) =>
  text(PRINCIPAL_ID_PATTERN, 'KMS.2402', `${name} must be 1 to 64 letters and digits.`);

export const optionalPrincipal = (name: string) => optional(principal(name));

export const principalType = optional(
  choice(['user', 'domain'], 'KMS.0308', 'grantee_principal_type must be user or domain.'),
);

const operationList = field(z.array(z.enum(OPERATIONS)).check(z.minLength(1), z.maxLength(10)), {
  code: 'KMS.0308',
  detail: `operations must be an array of 1 to 10 of: ${OPERATIONS.join(', ')}.`,
});

/** Without duplicates. The API reference allows ten items but names nine operations, so duplicates are accepted. */
export const operations = field(
  z
    .pipe(
      operationList,
      z.transform((list) => [...new Set(list)]),
    )
    .check(z.refine((list) => list.some((operation) => operation !== 'create-grant'), failsWith('KMS.2401'))),
  ruleOf(operationList),
);

/** Selects the grants that allow at least one of these operations. */
export const operationsFilter = optional(operationList);

export const REASON_CHARACTERS_MAX = 255;

/** Recorded in the event of the change. It decides nothing, so any value is accepted and made printable. */
export const reason = field(z.pipe(z.transform(printableReason), z.optional(z.string())), {
  code: 'KMS.0308',
  decidesNothing: true,
});

function printableReason(input: unknown): string | undefined {
  if (input === undefined || input === null) return undefined;
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  return printable(text, REASON_CHARACTERS_MAX) || undefined;
}

/** A JSON boolean, or "true" or "false": other fields of the API are strings too. */
export const flag = (name: string) =>
  optional(
    parsed(
      (input) => {
        if (input === true || input === 'true') return true;
        return input === false || input === 'false' ? false : undefined;
      },
      'KMS.0308',
      `${name} must be true or false.`,
    ),
  );

/** The digest in the reply to a dry run. */
export const digest = optional(
  text(/^[a-f0-9]{64}$/, 'KMS.0308', 'digest must be the 64 characters from the reply to a dry run.'),
);

export const grantName = optional(text(NAME_PATTERN, 'KMS.0308', 'name must be 1 to 255 letters, digits or : / _ -'));

/** Aliases of default master keys end in /default and are reserved. Source: create-key, `key_alias`. */
export const keyAlias = text(NAME_PATTERN, 'KMS.1101', 'key_alias must be 1 to 255 letters, digits or : / _ -').check(
  z.refine((alias) => !alias.endsWith('/default'), failsWith('KMS.1101', 'key_alias must not end in /default.')),
);

export const keyDescription = optional(
  field(z.string().check(z.maxLength(255)), {
    code: 'KMS.1103',
    detail: 'key_description must be a string of at most 255 characters.',
  }),
);

const CIPHER = ['ENCRYPT_DECRYPT'] as const;
const SIGNER = ['SIGN_VERIFY'] as const;
const SIGNER_OR_CIPHER = ['SIGN_VERIFY', 'ENCRYPT_DECRYPT'] as const;
const MAC = ['GENERATE_VERIFY_MAC'] as const;

/** The usages that each key spec allows, the default first. Source: create-key, `key_spec` and `key_usage`. */
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

export const keySpec = optional(choice(KEY_SPECS, 'KMS.0308', `key_spec must be one of: ${KEY_SPECS.join(', ')}.`));

export const keySpecFilter = optional(
  choice([...KEY_SPECS, 'ALL'], 'KMS.0308', `key_spec must be ALL or one of: ${KEY_SPECS.join(', ')}.`),
);

export const keyUsage = optional(
  choice(
    ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC'],
    'KMS.0308',
    'key_usage must be ENCRYPT_DECRYPT, SIGN_VERIFY or GENERATE_VERIFY_MAC.',
  ),
);

/** Keys with imported key material (`external`) are not supported. */
export const keyOrigin = optional(choice(['kms'], 'KMS.0308', 'origin must be kms.'));

export const keyStateFilter = optional(
  choice(['1', '2', '3', '4', '5'], 'KMS.0308', 'key_state must be a digit from 1 to 5.'),
);

/** Documented as a string; some clients send a number. */
export const pendingDays = parsed(
  (input) => parseInteger(input, { min: 7, max: 1096 }),
  'KMS.1401',
  'Send pending_days as a whole number.',
);

/** Documented as a string of digits. Terraform sends a number, and 2000 for all keys: a page then has `LIMIT_MAX`. */
export const limit = optionalText(
  parsed(parseLimit, 'KMS.1601', `limit must be a whole number above 0; a page has at most ${LIMIT_MAX}.`),
);

export interface Marker {
  after?: string;
  offset?: number;
}

/** The start of a page: after an id (`next_marker` of the previous page), or at an offset of 1 to 4 digits. */
function marker(idPattern: RegExp) {
  return optionalText(
    parsed(
      (input): Marker | undefined => {
        const offset = parseInteger(input, { min: 0, max: 9999 });
        if (offset !== undefined) return { offset };
        return typeof input === 'string' && idPattern.test(input) ? { after: input.toLowerCase() } : undefined;
      },
      'KMS.1602',
      'Pass next_marker of the page before, or an offset of up to 4 digits.',
    ),
  );
}

export const grantMarker = marker(GRANT_ID_PATTERN);
export const keyMarker = marker(KEY_ID_PATTERN);
/** Lists of events have no offset. */
export const eventMarker = optionalText(text(EVENT_ID_PATTERN, 'KMS.1602', 'Pass next_marker of the page before.'));

export const sequence = optionalText(
  text(/^[0-9a-zA-Z-]{36}$/, 'KMS.0206', 'sequence must be 36 characters, such as a UUID.'),
);

/** Returns a JSON number, or a string of digits, as a number of at most `LIMIT_MAX`; undefined for anything else. */
function parseLimit(input: unknown): number | undefined {
  const integer = typeof input === 'string' && /^\d{1,20}$/.test(input) ? Number(input) : input;
  return Number.isInteger(integer) && Number(integer) > 0 ? Math.min(Number(integer), LIMIT_MAX) : undefined;
}

/** Returns a JSON number, or a string of 1 to 4 digits, as a number; undefined for anything else or out of bounds. */
function parseInteger(input: unknown, { min, max }: { min: number; max: number }): number | undefined {
  const digits = typeof input === 'number' ? String(input) : input;
  if (typeof digits !== 'string' || !/^\d{1,4}$/.test(digits)) return undefined;
  const integer = Number(digits);
  return integer >= min && integer <= max ? integer : undefined;
}
