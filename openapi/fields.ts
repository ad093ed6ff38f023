/**
 * What the schemas of the body's fields cannot say by themselves: the forms that a field which parses by hand accepts,
 * and rules that zod keeps as functions.
 */
import * as z from 'zod/mini';
import { operations, reason } from '../lib/validation/fields.ts';
import { jobMarker } from '../lib/validation/job-fields.ts';
import { keyAlias, pendingDays } from '../lib/validation/key-fields.ts';
import { searchQuery } from '../lib/validation/lookup-fields.ts';
import { eventMarker, grantMarker, keyMarker, limit } from '../lib/validation/page-fields.ts';
import { mappingMarker } from '../lib/webhooks/mapping-fields.ts';
import type { Schema } from './types.ts';

/** An id of the list, an offset of 1 to 4 digits, or "" for the first page. */
const markerOf = (idPattern: string): Schema => ({
  type: ['string', 'integer'],
  pattern: `^$|^[0-9]{1,4}$|${idPattern}`,
  minimum: 0,
  maximum: 9999,
});

const FLAG: Schema = { type: ['boolean', 'string'], enum: [true, false, 'true', 'false'] };

/** Whole schemas of fields, in place of the ones that zod gives. */
const SCHEMAS = new Map<unknown, Schema>([
  [limit, { type: ['string', 'integer'], pattern: '^(0*[1-9][0-9]*)?$', maxLength: 20, minimum: 1 }],
  [grantMarker, markerOf('^[A-Fa-f0-9]{64}$')],
  [keyMarker, markerOf('^[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12}$')],
  [eventMarker, { type: 'string', pattern: '^$|^[a-f0-9]{32}$' }],
  [mappingMarker, { type: 'string' }],
  [jobMarker, { type: 'string', pattern: '^$|^[0-9]{1,15}-[0-9a-f]{32}$' }],
  [
    pendingDays,
    {
      type: ['string', 'integer'],
      // 7 to 1096 in at most four digits.
      pattern: '^(0{0,3}[7-9]|0{0,2}[1-9][0-9]|0?[1-9][0-9]{2}|10[0-8][0-9]|109[0-6])$',
      minimum: 7,
      maximum: 1096,
    },
  ],
  // Any JSON value is accepted and recorded as one line of text.
  [reason, {}],
]);

/** Rules in addition to what zod gives. */
const ADDITIONS = new Map<unknown, Schema>([
  // Not only spaces.
  [searchQuery, { pattern: '\\S', maxLength: 256 }],
  [keyAlias, { not: { pattern: '/default$' } }],
  [operations, { contains: { not: { const: 'create-grant' } } }],
]);

/** Fields that are made with `flag()`, which creates a new one at each call. */
const FLAGS: readonly string[] = ['dry_run', 'remove'];

/**
 * Returns the schema of what a client may send as this field.
 * @throws Error for a field that parses by hand and has no schema here
 */
export function fieldSchema(name: string, field: z.core.$ZodType): Schema {
  const own = SCHEMAS.get(field) ?? (FLAGS.includes(name) ? FLAG : undefined);
  if (own) return own;
  const optionalText = optionalTextOf(field);
  const { $schema, ...schema } = z.toJSONSchema(optionalText ?? field, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => fixTuple(jsonSchema),
  });
  if (Object.keys(schema).length === 0) throw new Error(`openapi/fields.ts needs a schema of the field ${name}`);
  const complete: Schema = { ...schema, ...(ADDITIONS.get(field) ?? ADDITIONS.get(requiredOf(optionalText))) };
  if (!optionalText) return complete;
  const { pattern } = complete;
  return pattern === undefined ? { ...complete, minLength: 0 } : { ...complete, pattern: `^$|${pattern}` };
}

/** The text behind `optionalText()`, which reads "" as absent; undefined for any other field. */
function optionalTextOf(field: z.core.$ZodType): z.core.$ZodType | undefined {
  const { def } = field._zod as unknown as { def: { type: string; in?: z.core.$ZodType; out?: z.core.$ZodType } };
  const isFromEmpty = def.type === 'pipe' && def.in?._zod.def.type === 'transform';
  return isFromEmpty && def.out?._zod.def.type === 'optional' ? def.out : undefined;
}

/** The field inside of an optional one. */
function requiredOf(optional: z.core.$ZodType | undefined): unknown {
  return (optional?._zod.def as { innerType?: z.core.$ZodType } | undefined)?.innerType;
}

/** A tuple of zod has a fixed length. */
function fixTuple(schema: { prefixItems?: unknown; minItems?: number; maxItems?: number }): void {
  if (!Array.isArray(schema.prefixItems)) return;
  schema.minItems = schema.prefixItems.length;
  schema.maxItems = schema.prefixItems.length;
}

/** The error codes of a field's own rules, besides the one of the field. */
export function codesOfChecks(field: z.core.$ZodType): string[] {
  const { checks = [] } = field._zod.def as {
    checks?: { _zod: { def: { params?: { failure?: { code: string } } } } }[];
  };
  return checks.flatMap((check) => check._zod.def.params?.failure?.code ?? []);
}
