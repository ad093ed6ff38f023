import { expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { KmsError } from '../../lib/errors.ts';
import { bodyParser } from '../../lib/validation/body-parser.ts';
import { failsWith, field, optional, optionalText, parsed, text } from '../../lib/validation/field.ts';

const color = text(/^[a-z]+$/, 'KMS.0308', 'color must be lower-case letters.');

function failureOf(schema: z.core.$ZodType, input: unknown): unknown {
  try {
    return bodyParser({ color: schema })({ color: input });
  } catch (error) {
    return error;
  }
}

test('a field fails with its code and detail, also when it is made optional', () => {
  const failure = new KmsError('KMS.0308', { detail: 'color must be lower-case letters.' });
  for (const schema of [color, optional(color), optionalText(color)]) expect(failureOf(schema, 'RED')).toEqual(failure);
});

test('a check with an error of its own fails with that error', () => {
  const checked = color.check(z.refine((value) => value !== 'red', failsWith('KMS.0206', 'Not red.')));
  expect(failureOf(checked, 'red')).toEqual(new KmsError('KMS.0206', { detail: 'Not red.' }));
  expect(failureOf(checked, 'RED')).toMatchObject({ code: 'KMS.0308' });
});

test('a field decides which values count as missing', () => {
  const rule = { code: 'KMS.0308', detail: 'malformed' } as const;
  const emptyIsMissing = field(z.string().check(z.minLength(1)), { ...rule, isAbsent: (input) => !input });
  expect(failureOf(emptyIsMissing, '')).toEqual(new KmsError('KMS.0204', { detail: 'color is required.' }));
  const neverMissing = field(z.string(), { ...rule, isAbsent: () => false });
  expect(failureOf(neverMissing, undefined)).toEqual(new KmsError('KMS.0308', { detail: 'malformed' }));
});

test('a field inside another one is named by its path when it is missing', () => {
  const nested = field(z.object({ shade: z.string() }), { code: 'KMS.0308', detail: 'malformed' });
  expect(failureOf(nested, {})).toEqual(new KmsError('KMS.0204', { detail: 'color.shade is required.' }));
});

test('a schema that is not declared as a field cannot be part of a body', () => {
  expect(() => bodyParser({ color: z.string() })).toThrow('A body field must be declared with field().');
});

// The description of the API is made from the fields.
test('a field is a zod schema with a JSON Schema of its input', () => {
  expect(z.toJSONSchema(optionalText(color), { io: 'input', unrepresentable: 'any' })).toMatchObject({
    type: 'string',
    pattern: '^[a-z]+$',
  });
  const number = parsed((input) => Number(input), 'KMS.0308', 'malformed');
  expect(z.toJSONSchema(number, { io: 'input', unrepresentable: 'any' })).not.toHaveProperty('type');
});
