/**
 * The fields of request bodies; those of keys are in `key-fields.ts`, those of pages in `page-fields.ts`. An optional
 * field may be missing; a missing required one fails with KMS.0204.
 * Source: KMS API reference, the request tables of each API.
 */
import * as z from 'zod/mini';
import { GRANT_ID_PATTERN, KEY_ID_PATTERN, PRINCIPAL_ID_PATTERN } from '../domain/ids.ts';
import { OPERATIONS } from '../domain/model.ts';
import { formatJson } from '../util/json.ts';
import { printable } from '../util/printable.ts';
import { choice, failsWith, field, optional, optionalText, parsed, ruleOf, text } from './field.ts';

export const NAME_PATTERN = /^[a-zA-Z0-9:/_-]{1,255}$/;

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
  const text = typeof input === 'string' ? input : formatJson(input);
  return text === undefined ? undefined : printable(text, REASON_CHARACTERS_MAX) || undefined;
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

export const sequence = optionalText(
  text(/^[0-9a-zA-Z-]{36}$/, 'KMS.0206', 'sequence must be 36 characters, such as a UUID.'),
);
