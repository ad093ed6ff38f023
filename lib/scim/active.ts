/**
 * What a SCIM request says about the attribute `active` of a user, in every form that clients send.
 * Source: RFC 7644, sections 3.5.1 (PUT), 3.5.2 (PATCH) and 3.10 (names); RFC 7643, sections 2.1 and 4.1.1; Microsoft,
 * "Known issues and resolutions with SCIM 2.0 protocol compliance"; Okta, "SCIM 2.0 Protocol Reference".
 */
import { ScimError } from '../http/scim-error.ts';
import { isJsonObject } from '../validation/json-body.ts';
import { USER_SCHEMA } from './schema.ts';

type Attributes = Record<string, unknown>;

/** A value of `active`; an error if `active` is mentioned in a way that is not understood; undefined if it is not. */
type Active = boolean | ScimError | undefined;

/** The names of attributes and members are case-insensitive. Source: RFC 7643, section 2.1. */
const foldName = (name: string): string => name.toLowerCase();
const USER_URN = foldName(USER_SCHEMA);

/** Names of the attribute in a path or as a key, as `nameOf` returns them. */
const ACTIVE_NAMES = ['active', 'active.value'];
/** The word `active` in the path of something else, such as `/active` or `urn:example:Badge:active`. */
const MENTIONS_ACTIVE = /(?:^|[^\w-])active(?![\w-])/i;
/** A filter in square brackets. It excludes `[`, so that a path of many brackets is read in linear time. */
const FILTER = /(?<=\w)\[[^\][]*\]/g;
/** Source: RFC 7644, figure 7, with spaces where clients put them, and any text after a URN. */
const PATH = /^(?:urn:.*|\$?[a-z][\w-]*(?:\.\$?[a-z][\w-]*)*(?:\[.+\](?:\.\$?[a-z][\w-]*)?)?)$/i;

/** Returns the value of `active` in a user. @throws ScimError */
export function activeInUser(user: Attributes): boolean | undefined {
  return understood([activeIn([user])]);
}

/** Returns the value of `active` after a PATCH; undefined if it does not set the attribute. @throws ScimError */
export function activeAfterPatch(patch: Attributes): boolean | undefined {
  const lists = valuesOf(patch, 'operations');
  // A PATCH of SCIM 1.1 holds the attributes themselves. Beside operations, they must not be ignored either.
  const active = activeIn([patch]);
  if (lists.length === 0 && typeof active === 'boolean') return active;
  const operations = lists[0];
  if (lists.length !== 1 || !Array.isArray(operations) || operations.length === 0 || !operations.every(isJsonObject)) {
    throw new ScimError('invalidSyntax', 'Operations must be an array of one or more objects.');
  }
  return understood([active, ...operations.map(activeSetBy)]);
}

/** Operations apply in order, so the last value decides. Unless it deactivates the user, all must be understood. */
function understood(results: readonly Active[]): boolean | undefined {
  const last = results.findLast((result) => typeof result === 'boolean');
  const problem = results.find((result) => result instanceof ScimError);
  if (last !== false && problem) throw problem;
  return last;
}

const OPS = ['add', 'replace', 'remove'];

function activeSetBy(operation: Attributes): Active {
  const members = ['op', 'path', 'value'].map((name) => valuesOf(operation, name));
  if (members.some(({ length }) => length > 1)) throw new ScimError('invalidSyntax', 'A member occurs twice.');
  const [op, path, value] = members.map(([member]) => member);
  const opName = typeof op === 'string' ? op.toLowerCase() : '';
  if (!OPS.includes(opName)) throw new ScimError('invalidSyntax', `op must be one of: ${OPS.join(', ')}.`);
  if (typeof path !== 'string' && path !== undefined && path !== null) {
    throw new ScimError('invalidPath', 'path must be a string.');
  }
  const name = nameOf(path ?? '');
  if (name === '') {
    if (opName === 'remove') throw new ScimError('noTarget', 'remove needs the path of an attribute.');
    const users = Array.isArray(value) ? value : [value];
    if (users.length === 0 || !users.every(isJsonObject)) {
      throw new ScimError('invalidValue', 'Without a path, value must be an object of attributes.');
    }
    return activeIn(users);
  }
  if (!ACTIVE_NAMES.includes(name)) return problemOfPath(name) ?? problemOfKeys(value);
  if (opName !== 'remove') return parseActive(value);
  // An attribute without a value is not true. Source: RFC 7644, section 3.5.2.2.
  if (value === undefined || value === null) return false;
  throw new ScimError('invalidValue', 'remove of active must have no value.');
}

/** One false is enough: to miss a deactivation is worse than to revoke for a user who is named twice. */
function activeIn(users: readonly Attributes[]): Active {
  const attributes = users.flatMap((user) => attributesOf(user));
  const values = attributes.filter(([name]) => ACTIVE_NAMES.includes(name)).map(([, value]) => parseActive(value));
  if (values.length > 0) return !values.includes(false);
  const problems = attributes.map(([name, value]) => problemOfMention(name) ?? problemOfKeys(value));
  return problems.find((problem) => problem !== undefined);
}

function attributesOf(user: Attributes, isNested = false): [name: string, value: unknown][] {
  return Object.entries(user).flatMap(([key, value]) => {
    const name = nameOf(key);
    if (name === '' && !isNested && isJsonObject(value)) return attributesOf(value, true);
    return [[name, value] satisfies [string, unknown]];
  });
}

/** Returns a name or path in lower case, without the URN of the schema of users; "" for the URN itself. */
function nameOf(text: string): string {
  const name = foldName(text.trim());
  if (name === USER_URN) return '';
  return [':', '.'].some((separator) => name.startsWith(USER_URN + separator)) ? name.slice(USER_URN.length + 1) : name;
}

function problemOfPath(path: string): ScimError | undefined {
  if (PATH.test(path)) return problemOfMention(path);
  return new ScimError('invalidPath', 'path is not a path of RFC 7644, section 3.5.2.');
}

function problemOfMention(path: string): ScimError | undefined {
  return MENTIONS_ACTIVE.test(path.replace(FILTER, ''))
    ? new ScimError('invalidPath', `active is understood only as active or ${USER_SCHEMA}:active.`)
    : undefined;
}

/** Looks one level deep, where `active` of another schema, or under a key of the client's own, would be. */
function problemOfKeys(value: unknown): ScimError | undefined {
  const objects = (Array.isArray(value) ? value : [value]).filter(isJsonObject);
  return objects
    .flatMap((object) => Object.keys(object).map(problemOfMention))
    .find((problem) => problem !== undefined);
}

/** @param name as `foldName` returns it */
function valuesOf(attributes: Attributes, name: string): unknown[] {
  return Object.entries(attributes)
    .filter(([key]) => foldName(key) === name)
    .map(([, value]) => value);
}

/**
 * Accepts a boolean, its text in any case (Entra ID sends "False"), and either as the only value of a list or object,
 * such as `[{"$ref": null, "value": "False"}]`.
 */
function parseActive(value: unknown): boolean {
  const item: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  const inner = isJsonObject(item) ? [...valuesOf(item, 'value'), ...valuesOf(item, 'active')] : [item];
  const text = typeof inner[0] === 'string' ? inner[0].trim().toLowerCase() : inner[0];
  if (inner.length === 1 && (text === true || text === 'true')) return true;
  if (inner.length === 1 && (text === false || text === 'false')) return false;
  throw new ScimError('invalidValue', 'active must be true or false.');
}
