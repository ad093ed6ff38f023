/** Checks the values that clients give to attributes. */
import { CONTROL } from '../domain/characters.ts';
import { ScimError } from '../http/scim-error.ts';
import { isJsonObject } from '../validation/json-body.ts';
import { type Attribute, isNamed } from './schema.ts';

const VALUE_CHARACTERS_MAX = 256;
/** A group fits into one item of the store, which is 400 KB in DynamoDB. */
const MEMBERS_MAX = 5_000;
/** Each of these characters is one byte, so MEMBERS_MAX members of 64 characters fit into one item of the store. */
const MEMBER_ID = /^[\w.:@-]{1,64}$/;
const EMAILS_MAX = 20;

const CONTROL_CHARACTER = new RegExp(`[${CONTROL}]`, 'u');

/**
 * Returns the value in the form in which it is stored; undefined for a value that means none: null, an empty list.
 * @throws ScimError invalidValue
 */
export function coerce(attribute: Attribute, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  return attribute.multiValued ? listValue(attribute, value) : singleValue(attribute, value);
}

function listValue(attribute: Attribute, value: unknown): unknown {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  assertLength(attribute, list);
  const items = list.map((one) => complexValue(attribute, typeof one === 'string' ? { value: one } : one));
  return items.filter((one) => Object.keys(one).length > 0);
}

/** @throws ScimError invalidValue for a list that is too long to be stored */
export function assertLength(attribute: Attribute, { length }: readonly unknown[]): void {
  const max = attribute.name === 'members' ? MEMBERS_MAX : EMAILS_MAX;
  if (length > max) throw invalid(attribute, `must have at most ${max} values`);
}

function singleValue(attribute: Attribute, value: unknown): unknown {
  if (attribute.type === 'complex') {
    const parts = complexValue(attribute, value);
    return Object.keys(parts).length === 0 ? undefined : parts;
  }
  // Entra ID may send one value as a list, or as an object with the member `value`.
  const item: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  const inner = isJsonObject(item) && 'value' in item ? item['value'] : item;
  return attribute.type === 'boolean' ? booleanValue(attribute, inner) : stringValue(attribute, inner);
}

function complexValue(attribute: Attribute, value: unknown): Record<string, unknown> {
  if (!isJsonObject(value)) throw invalid(attribute, 'must be an object');
  const parts = Object.entries(value).flatMap(([key, one]) => {
    const sub = attribute.subAttributes?.find(isNamed(key));
    const next = sub && sub.mutability !== 'readOnly' ? coerce(sub, one) : undefined;
    return sub && next !== undefined ? [[sub.name, next] as const] : [];
  });
  const result = Object.fromEntries(parts);
  if (attribute.name !== 'members') return result;
  const id = result['value'];
  if (typeof id === 'string' && MEMBER_ID.test(id)) return result;
  throw invalid(attribute, 'must have as value the id of a user or group: 1 to 64 letters, digits and _ . : @ -');
}

function booleanValue(attribute: Attribute, value: unknown): boolean {
  const text = typeof value === 'string' ? value.toLowerCase() : value;
  if (text === true || text === 'true') return true;
  if (text === false || text === 'false') return false;
  throw invalid(attribute, 'must be true or false');
}

function stringValue(attribute: Attribute, value: unknown): string {
  const isValid =
    typeof value === 'string' &&
    value.length <= VALUE_CHARACTERS_MAX &&
    value.isWellFormed() &&
    !CONTROL_CHARACTER.test(value);
  if (isValid) return value;
  throw invalid(
    attribute,
    `must be a string of at most ${VALUE_CHARACTERS_MAX} characters, without control characters`,
  );
}

const invalid = ({ name }: Attribute, problem: string) => new ScimError('invalidValue', `${name} ${problem}.`);
