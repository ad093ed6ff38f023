/** The parameters `attributes` and `excludedAttributes`. Source: RFC 7644, section 3.9. */
import type { ResourceType } from '../domain/provisioned.ts';
import { ScimError } from '../http/scim-error.ts';
import { isJsonObject } from '../validation/json-body.ts';
import { type AttributeName, parseAttributeName } from './attribute-path.ts';
import { type Wire, without } from './wire.ts';

const NAMES_MAX = 100;

/** Which attributes a client wants in the reply; all of them when both are absent. */
export interface Selection {
  attributes?: readonly string[] | undefined;
  excludedAttributes?: readonly string[] | undefined;
}

/** @throws ScimError invalidValue for both at once, or too many names */
export function assertSelection({ attributes, excludedAttributes }: Selection): void {
  if (attributes && excludedAttributes) {
    throw new ScimError('invalidValue', 'Send attributes or excludedAttributes, not both.');
  }
  if ((attributes ?? excludedAttributes ?? []).length > NAMES_MAX) {
    throw new ScimError('invalidValue', `attributes must name at most ${NAMES_MAX} attributes.`);
  }
}

/** Returns the selected attributes of the resource, and always `id` and `schemas`. Unknown names are ignored. */
export function selectAttributes(type: ResourceType, resource: Wire, selection: Selection): Wire {
  const { attributes, excludedAttributes } = selection;
  if (attributes) {
    const { id, schemas } = resource;
    return attributes.reduce<Wire>((chosen, name) => include(type, resource, chosen, name), { schemas, id });
  }
  return (excludedAttributes ?? []).reduce<Wire>((rest, name) => exclude(type, rest, name), resource);
}

function include(type: ResourceType, resource: Wire, chosen: Wire, text: string): Wire {
  const name = parseAttributeName(type, text);
  if (!name) return includeReadOnly(resource, chosen, text);
  const { extension, attribute, sub } = name;
  if (!attribute) {
    // The name is the URN of a schema, which stands for all of its attributes.
    if (extension === undefined) return { ...resource, ...chosen };
    return extension in resource ? { ...chosen, [extension]: resource[extension] } : chosen;
  }
  const [from, to] = extension === undefined ? [resource, chosen] : [resource[extension], chosen[extension] ?? {}];
  if (!isJsonObject(from) || !isJsonObject(to) || !(attribute.name in from)) return chosen;
  const value = sub ? partOf(from[attribute.name], sub.name, to[attribute.name]) : from[attribute.name];
  const next = { ...to, [attribute.name]: value };
  return extension === undefined ? next : { ...chosen, [extension]: next };
}

/** `meta` and its parts, such as `meta.location`. */
function includeReadOnly(resource: Wire, chosen: Wire, text: string): Wire {
  const [first = '', second] = text.split('.');
  const meta = resource['meta'];
  if (first.toLowerCase() !== 'meta' || !isJsonObject(meta)) return chosen;
  if (second === undefined) return { ...chosen, meta };
  const key = Object.keys(meta).find((one) => one.toLowerCase() === second.toLowerCase());
  const before = isJsonObject(chosen['meta']) ? chosen['meta'] : {};
  return key === undefined ? chosen : { ...chosen, meta: { ...before, [key]: meta[key] } };
}

/** Returns the part of a value, or of each of its values, beside the parts that were chosen before. */
function partOf(value: unknown, name: string, before: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((one, index) => partOf(one, name, Array.isArray(before) ? before[index] : undefined));
  }
  if (!isJsonObject(value)) return value;
  return { ...(isJsonObject(before) ? before : {}), ...(name in value && { [name]: value[name] }) };
}

function exclude(type: ResourceType, resource: Wire, text: string): Wire {
  const name: AttributeName | undefined = parseAttributeName(type, text);
  if (!name) return text.toLowerCase() === 'meta' ? without(resource, 'meta') : resource;
  const { extension, attribute, sub } = name;
  if (!attribute) return extension === undefined ? resource : without(resource, extension);
  const holder = extension === undefined ? resource : resource[extension];
  if (!isJsonObject(holder)) return resource;
  const next = sub
    ? { ...holder, [attribute.name]: withoutPart(holder[attribute.name], sub.name) }
    : without(holder, attribute.name);
  return extension === undefined ? next : { ...resource, [extension]: next };
}

function withoutPart(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutPart(one, name));
  return isJsonObject(value) ? without(value, name) : value;
}
