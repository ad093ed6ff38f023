/** Names of attributes in paths, filters, keys and query parameters. Source: RFC 7644, sections 3.5.2 and 3.10. */
import type { ResourceType } from '../domain/provisioned.ts';
import {
  type Attribute,
  CORE_ATTRIBUTES,
  CORE_SCHEMA_OF,
  EXTENSION_ATTRIBUTES,
  EXTENSIONS_OF,
  isNamed,
} from './schema.ts';

/** What the name of an attribute, or of a part of one, stands for. */
export interface AttributeName {
  /** The extension that has the attribute; undefined for the core schema. */
  extension?: string | undefined;
  /** Undefined if the name is the URN of the schema, which stands for all of its attributes. */
  attribute?: Attribute | undefined;
  sub?: Attribute | undefined;
}

/**
 * Returns the attribute that a name such as `name.givenName` or `urn:…:User:userName` stands for; undefined if this
 * service has none of this name.
 */
export function parseAttributeName(type: ResourceType, text: string): AttributeName | undefined {
  const [schema, name] = splitSchema(type, text.trim());
  const extension = schema === CORE_SCHEMA_OF[type] ? undefined : schema;
  if (name === '') return { extension };
  const attributes = extension === undefined ? CORE_ATTRIBUTES[type] : (EXTENSION_ATTRIBUTES[extension] ?? []);
  const [first = '', second, ...rest] = name.split('.');
  const attribute = attributes.find(isNamed(first));
  if (!attribute || rest.length > 0) return undefined;
  if (second === undefined) return { extension, attribute };
  const sub = attribute.subAttributes?.find(isNamed(second));
  return sub && { extension, attribute, sub };
}

/** Returns the schema and the rest; the core schema for a name without a URN. Some clients end the URN with a dot. */
function splitSchema(type: ResourceType, text: string): [schema: string, name: string] {
  const core = CORE_SCHEMA_OF[type];
  const folded = text.toLowerCase();
  for (const schema of [core, ...EXTENSIONS_OF[type]]) {
    const prefix = schema.toLowerCase();
    if (folded === prefix) return [schema, ''];
    if (folded.startsWith(`${prefix}:`) || folded.startsWith(`${prefix}.`)) {
      return [schema, text.slice(prefix.length + 1)];
    }
  }
  return [core, text];
}
