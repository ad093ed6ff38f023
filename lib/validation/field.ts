/** A field of a request body: a zod schema, together with the error that a malformed value causes. */
import * as z from 'zod/mini';
import type { ErrorCode } from '../errors.ts';

/** Why a value is refused; `detail` says what the client must correct. */
interface Failure {
  code: ErrorCode;
  detail?: string | undefined;
}

interface FieldRule extends Failure {
  /** Whether a value counts as missing (KMS.0204) instead of malformed. Default: only `undefined` does. */
  isAbsent?: (input: unknown) => boolean;
  /** Where null is refused, because a field that narrows a change must not be ignored, this one may be null. */
  decidesNothing?: boolean;
}

/**
 * The rules by schema. An issue of zod carries text only, so the code and the detail are registered beside the
 * schema.
 */
const RULES = z.registry<FieldRule>();

/** Declares a field: a schema whose failures have the code and detail of `rule`. */
export function field<T extends z.core.$ZodType>(schema: T, rule: FieldRule): T {
  RULES.add(schema, rule);
  return schema;
}

/** @throws Error for a schema that was not declared with `field` */
export function ruleOf(schema: z.core.$ZodType): FieldRule {
  const rule = RULES.get(schema);
  if (!rule) throw new Error('A body field must be declared with field().');
  return rule;
}

/** Options for `z.refine`: the check fails with an error of its own instead of the one of its field. */
export const failsWith = (code: ErrorCode, detail?: string) => ({ params: { failure: { code, detail } } });

/**
 * Returns the failure behind an issue of zod.
 * @param issue parsed with `reportInput`
 */
export function failureOf(issue: z.core.$ZodIssue, { code, detail, isAbsent }: FieldRule): Failure {
  const isMissing = isAbsent ? isAbsent(issue.input) : issue.input === undefined;
  if (isMissing) return { code: 'KMS.0204', detail: `${issue.path.join('.')} is required.` };
  const ownFailure: Failure | undefined = issue.code === 'custom' ? issue.params?.['failure'] : undefined;
  return ownFailure ?? { code, detail };
}

/** The same field, but it may be missing. */
export function optional<T extends z.core.$ZodType>(required: T) {
  return field(z.optional(required), ruleOf(required));
}

/** The same field, but it may be missing or "": the samples of the API reference send "". */
export function optionalText<T extends z.core.$ZodType>(required: T) {
  const emptyToUndefined = z.transform((input: unknown) => (input === '' ? undefined : input));
  return field(z.pipe(emptyToUndefined, z.optional(required)), ruleOf(required));
}

export function text(pattern: RegExp, code: ErrorCode, detail: string) {
  return field(z.string().check(z.regex(pattern)), { code, detail });
}

export function choice<const T extends string>(values: readonly T[], code: ErrorCode, detail: string) {
  return field(z.enum(values), { code, detail });
}

/**
 * A field that accepts more than one JSON type.
 * @param parse returns undefined for a malformed value
 */
export function parsed<T>(parse: (input: unknown) => T | undefined, code: ErrorCode, detail: string) {
  const transform = z.transform((input: unknown, context): T => {
    const value = parse(input);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', input });
    return z.NEVER;
  });
  return field(z.pipe(z.unknown(), transform), { code, detail });
}
