/**
 * Changes of a resource: the operations of a PATCH, and the whole resource of a POST or PUT, which is one operation
 * without a path. Reads every form that Entra ID and Okta send, except `active`, which `active.ts` reads.
 * Source: RFC 7644, section 3.5.2; Microsoft, "Known issues and resolutions with SCIM 2.0 protocol compliance".
 */
import type { ResourceType } from '../domain/provisioned.ts';
import { ScimError } from '../http/scim-error.ts';
import { isJsonObject } from '../validation/json-body.ts';
import { changed, changedMatches, OPS, type Op } from './attribute-change.ts';
import { type AttributeName, parseAttributeName } from './attribute-path.ts';
import { parseValueFilter } from './filter.ts';
import { isNamed } from './schema.ts';
import { type Wire, without } from './wire.ts';

const OPERATIONS_MAX = 100;
const PATH_CHARACTERS_MAX = 1_024;
/** The most attributes that one object may have. No client sends as many, and each may hold a long list. */
const KEYS_MAX = 200;

/** How deep objects of attributes may be nested in each other. Clients nest them one level deep. */
const SCHEMA_DEPTH_MAX = 3;

interface Operation {
  op: Op;
  path: string;
  value: unknown;
  /** How many objects of attributes contain this operation. */
  depth: number;
}

interface PatchOptions {
  /** Ignores operations that are not understood, where another one of the same request deactivates the user. */
  isLenient?: boolean;
}

/**
 * Returns the resource after a PATCH. Attributes that this service does not have are ignored.
 * @throws ScimError invalidSyntax, invalidPath, invalidValue, noTarget
 */
export function patched(
  type: ResourceType,
  resource: Wire,
  body: Wire,
  { isLenient = false }: PatchOptions = {},
): Wire {
  let result = resource;
  for (const input of operationsOf(body)) {
    try {
      result = apply(type, result, parseOperation(input));
    } catch (error) {
      if (!isLenient || !(error instanceof ScimError)) throw error;
    }
  }
  return result;
}

/** Returns the attributes of a whole resource, as POST and PUT send it. @throws ScimError invalidValue */
export const attributesIn = (type: ResourceType, body: Wire): Wire =>
  apply(type, {}, { op: 'replace', path: '', value: body, depth: 0 });

function operationsOf(body: Wire): unknown[] {
  const list = memberOf(body, 'operations');
  // A PATCH of SCIM 1.1 has no operations; of such a one, only `active` is understood.
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.length === 0 || list.length > OPERATIONS_MAX) {
    throw new ScimError('invalidSyntax', `Operations must be an array of 1 to ${OPERATIONS_MAX} objects.`);
  }
  return list;
}

function parseOperation(input: unknown): Operation {
  if (!isJsonObject(input)) throw new ScimError('invalidSyntax', 'Operations must be an array of objects.');
  const [op, path = '', value] = ['op', 'path', 'value'].map((name) => memberOf(input, name) ?? undefined);
  const name = OPS.find((one) => typeof op === 'string' && op.toLowerCase() === one);
  if (!name) throw new ScimError('invalidSyntax', `op must be one of: ${OPS.join(', ')}.`);
  if (typeof path !== 'string' || path.length > PATH_CHARACTERS_MAX) {
    throw new ScimError('invalidPath', `path must be a string of at most ${PATH_CHARACTERS_MAX} characters.`);
  }
  return { op: name, path: path.trim(), value, depth: 0 };
}

/** Returns a member of an object by its name in lower case. Clients write the names in any case. */
const memberOf = (object: Wire, name: string): unknown =>
  Object.entries(object).find(([key]) => key.toLowerCase() === name)?.[1];

function apply(type: ResourceType, resource: Wire, operation: Operation): Wire {
  const { op, path, value, depth } = operation;
  if (depth > SCHEMA_DEPTH_MAX) throw new ScimError('invalidValue', 'The schemas of attributes are nested too deeply.');
  if (path === '') {
    if (op === 'remove') throw new ScimError('noTarget', 'remove needs the path of an attribute.');
    return applyObject(type, resource, operation);
  }
  const bracket = path.indexOf('[');
  if (bracket >= 0) return applyFiltered(type, resource, operation, bracket);
  const name = parseAttributeName(type, path);
  if (!name) return resource;
  if (!name.attribute) return applySchema(type, resource, name, operation);
  return applyTo(resource, name, (before) => changed(name, before, op, value));
}

/** Without a path, the keys of the value are paths: `userName`, `name.givenName` or `urn:…:User:userName`. */
function applyObject(type: ResourceType, resource: Wire, { op, value, depth }: Operation): Wire {
  const objects = Array.isArray(value) ? value : [value];
  if (objects.length === 0 || !objects.every(isJsonObject)) {
    throw new ScimError('invalidValue', 'Without a path, value must be an object of attributes.');
  }
  const entries = objects.flatMap((object) => Object.entries(object));
  if (entries.length > KEYS_MAX)
    throw new ScimError('invalidValue', `An object may have at most ${KEYS_MAX} attributes.`);
  return entries
    .filter(([key]) => key !== '')
    .reduce((result, [path, one]) => apply(type, result, { op, path, value: one, depth: depth + 1 }), resource);
}

/** The URN of a schema as the path or key. */
function applySchema(type: ResourceType, resource: Wire, { extension }: AttributeName, operation: Operation): Wire {
  const { op, value, depth } = operation;
  if (extension === undefined) return applyObject(type, resource, operation);
  if (op === 'remove' || value === undefined) return without(resource, extension);
  if (!isJsonObject(value))
    throw new ScimError('invalidValue', 'The value of a schema must be an object of attributes.');
  return Object.entries(value).reduce(
    (result, [key, one]) => apply(type, result, { op, path: `${extension}:${key}`, value: one, depth: depth + 1 }),
    resource,
  );
}

/** Sets an attribute to what `change` makes of it; undefined removes it. */
function applyTo(resource: Wire, { extension, attribute }: AttributeName, change: (before: unknown) => unknown): Wire {
  if (!attribute || attribute.name === 'active') return resource;
  const holder = extension === undefined ? resource : (resource[extension] ?? {});
  if (!isJsonObject(holder)) return resource;
  const value = change(holder[attribute.name]);
  const next = value === undefined ? without(holder, attribute.name) : { ...holder, [attribute.name]: value };
  if (extension === undefined) return next;
  return Object.keys(next).length === 0 ? without(resource, extension) : { ...resource, [extension]: next };
}

/** A path such as `emails[type eq "work"].value` or `members[value eq "…"]`. */
function applyFiltered(type: ResourceType, resource: Wire, operation: Operation, bracket: number): Wire {
  const { op, path, value } = operation;
  const end = path.lastIndexOf(']');
  const name = parseAttributeName(type, path.slice(0, bracket));
  const rest = path.slice(end + 1);
  if (end < bracket || (rest !== '' && !rest.startsWith('.'))) {
    throw new ScimError('invalidPath', 'path is not a path of RFC 7644, section 3.5.2.');
  }
  if (!name) return resource;
  const { attribute } = name;
  if (!attribute?.multiValued || name.sub) {
    throw new ScimError('invalidPath', 'path has a filter on an attribute that has only one value.');
  }
  const sub = rest === '' ? undefined : attribute.subAttributes?.find(isNamed(rest.slice(1)));
  if (rest !== '' && !sub) return resource;
  const within = parseValueFilter(attribute, path.slice(bracket + 1, end));
  return applyTo(resource, name, (before) => changedMatches(attribute, before, { op, sub, within, value }));
}
