import * as z from 'zod/mini';
import { KmsError } from '../errors.ts';
import { failureOf, ruleOf } from './field.ts';

export type Fields = Readonly<Record<string, z.core.$ZodType>>;
export type Body<F extends Fields> = { [Name in keyof F]: z.output<F[Name]> };

/**
 * Returns a function that checks a JSON object and returns the values of its fields. Unknown fields are ignored, since
 * clients send more than the API documents, and null counts as missing.
 * @param rejectsUnknownFields whether unknown fields and null fail with KMS.0308. True where an optional field narrows
 *   what is revoked, because a misspelt name would widen it to everything.
 * @throws KmsError of the first failure; a missing field goes before a malformed one
 */
export function bodyParser<F extends Fields>(
  fields: F,
  { rejectsUnknownFields = false }: { rejectsUnknownFields?: boolean } = {},
): (input: Record<string, unknown>) => Body<F> {
  const schema = z.object(fields);
  const rules = Object.entries(fields).map(([name, field]) => ({ name, rule: ruleOf(field) }));
  return (input) => {
    if (rejectsUnknownFields) assertOnlyKnownFields(fields, input);
    const present = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
    const result = z.safeParse(schema, present, { reportInput: true });
    if (result.success) return result.data as Body<F>;
    const { issues } = result.error;
    const failures = rules.flatMap(({ name, rule }) =>
      issues.filter(({ path }) => path[0] === name).map((issue) => failureOf(issue, rule)),
    );
    const failure = failures.find(({ code }) => code === 'KMS.0204') ?? failures[0];
    throw new KmsError(failure?.code ?? 'KMS.0308', { detail: failure?.detail });
  };
}

function assertOnlyKnownFields(fields: Fields, input: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(input)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!field) {
      throw new KmsError('KMS.0308', { detail: `Unknown field. Send only: ${Object.keys(fields).join(', ')}.` });
    }
    if (value === null && !ruleOf(field).decidesNothing)
      throw new KmsError('KMS.0308', { detail: `${name} must not be null.` });
  }
}
