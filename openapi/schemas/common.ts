/** Schemas that several APIs share. Components refer to each other by name. */
import { OPERATIONS } from '../../lib/domain/model.ts';
import type { Schema } from '../types.ts';

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object with exactly these properties. @param optional names of those that may be missing */
export function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, ...(required.length > 0 && { required }), additionalProperties: false };
}

export const array = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more });
export const string: Schema = { type: 'string' };
export const boolean: Schema = { type: 'boolean' };
export const count: Schema = { type: 'integer', minimum: 0 };

/** Milliseconds since 1970. Source: KMS API reference, list-grants, `creation_date`, whose example has 13 digits. */
export const milliseconds: Schema = { type: 'string', pattern: '^[0-9]{13}$' };

/** Ids are as documented; with an upstream, in the form of the upstream. */
export const keyId: Schema = { type: 'string', minLength: 1, maxLength: 128 };
export const grantId: Schema = { type: 'string', minLength: 1, maxLength: 128 };
export const principal: Schema = { type: 'string', minLength: 1, maxLength: 1024 };
export const id32: Schema = { type: 'string', pattern: '^[0-9a-f]{32}$' };
export const errorCode: Schema = { type: 'string', pattern: '^[A-Z][A-Za-z]{1,9}\\.[0-9]{3,6}$' };
export const operationList: Schema = array({ type: 'string' }, { examples: [OPERATIONS.slice(0, 2)] });

/** Strings, as documented: some clients fail on a boolean. */
export const truncated: Schema = { type: 'string', enum: ['true', 'false'] };

/** The fields at the end of each page. */
export const PAGE = {
  next_marker: string,
  truncated,
  total: count,
  failed: array(ref('ListFailure')),
};
