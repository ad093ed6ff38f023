import * as z from 'zod/mini';
import type { Api } from '../lib/handlers/api.ts';
import { FIELD_TEXTS } from './field-texts.ts';
import { fieldSchema } from './fields.ts';
import type { Operation, Schema } from './types.ts';

/** Whether a body without the field is refused. */
export const isRequired = (field: z.core.$ZodType): boolean => !z.safeParse(field, undefined).success;

/** Null counts as absent, except where unknown fields are refused. */
function orNull(schema: Schema): Schema {
  const { type, enum: values, ...rest } = schema;
  if (type === undefined) return schema;
  const types = Array.isArray(type) ? type : [type];
  return { type: [...types, 'null'], ...(Array.isArray(values) && { enum: [...values, null] }), ...rest };
}

/** @throws Error for a field without a text */
function property(name: string, field: z.core.$ZodType, isStrict: boolean): Schema {
  const text = FIELD_TEXTS[name];
  if (!text) throw new Error(`openapi/field-texts.ts needs a text for the field ${name}`);
  const schema = fieldSchema(name, field);
  return {
    ...(isStrict || isRequired(field) ? schema : orNull(schema)),
    description: text.en,
    'x-zh': { description: text.zh },
  };
}

/** The schema of the JSON body of an API. */
export function bodySchema({ fields = {}, rejectsUnknownFields = false }: Api): Schema {
  const entries = Object.entries(fields);
  const required = entries.filter(([, field]) => isRequired(field)).map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, field]) => [name, property(name, field, rejectsUnknownFields)])),
    ...(required.length > 0 && { required }),
    ...(rejectsUnknownFields && { additionalProperties: false }),
  };
}

/** Returns undefined for an API that reads no body. */
export function requestBodyOf(api: Api, { body, examples = {} }: Operation): object | undefined {
  if (body) return body;
  if (!api.fields) return undefined;
  const schema = bodySchema(api);
  const shown = Object.entries(examples).map(([name, { summary, value }]) => [
    name,
    { summary: summary.en, 'x-zh': { summary: summary.zh }, value },
  ]);
  return {
    // An empty body counts as an empty object.
    required: 'required' in schema,
    content: {
      'application/json': { schema, ...(shown.length > 0 && { examples: Object.fromEntries(shown) }) },
    },
  };
}
