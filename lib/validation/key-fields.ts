/** The fields of request bodies about keys. Source: KMS API reference, create-key, list-keys, schedule-key-deletion. */
import * as z from 'zod/mini';
import { choice, failsWith, field, optional, parsed, text } from './field.ts';
import { NAME_PATTERN } from './fields.ts';
import { parseInteger } from './integer.ts';

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
