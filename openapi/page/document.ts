/** Reads the OpenAPI document into what the pages show. */
import { ERRORS } from '../../lib/errors.ts';
import type { Text } from './language.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Field {
  /** With dots for a field of an object, and `[]` for the entries of an array. */
  name: string;
  types: readonly string[];
  isRequired: boolean;
  schema: Json;
}

export interface Reply {
  status: string;
  description: Text;
  example: unknown;
  fields: readonly Field[];
  codes: readonly string[];
}

export interface Operation {
  id: string;
  tag: string;
  method: string;
  path: string;
  summary: Text;
  description: Text;
  /** A permission, `caller` for anyone with valid credentials, or `anyone`. */
  access: string;
  /** Whether the API checks a signature or a secret by itself, instead of a token or an access key. */
  hasOwnCredentials: boolean;
  parameters: readonly (Field & { in: string; example: unknown })[];
  fields: readonly Field[];
  example: unknown;
  success: readonly Reply[];
  errors: readonly Reply[];
}

export interface Tag {
  name: string;
  title: Text;
  description: Text;
}

export interface Webhook {
  name: string;
  summary: Text;
  description: Text;
  fields: readonly Field[];
  headers: readonly (Field & { in: string; example: unknown })[];
  example: unknown;
}

export interface ApiDescription {
  version: string;
  tags: readonly Tag[];
  operations: readonly Operation[];
  webhooks: readonly Webhook[];
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;

/** @param document OpenAPI 3.1. Extensions: `x-zh` has Chinese texts, `x-access` permissions, `x-error-codes` codes */
export function readDocument(document: Json): ApiDescription {
  const reader = new Reader(document);
  return {
    version: String(jsonOf(document['info'])['version'] ?? ''),
    tags: list(document['tags']).map((tag) => ({
      name: String(tag['name']),
      title: textOf(tag, 'x-displayName', String(tag['name'])),
      description: textOf(tag, 'description'),
    })),
    operations: entries(document['paths']).flatMap(([path, item]) =>
      METHODS.flatMap((method) => (item[method] ? reader.operation(path, method, item, jsonOf(item[method])) : [])),
    ),
    webhooks: entries(document['webhooks']).map(([name, item]) => reader.webhook(name, jsonOf(item['post']))),
  };
}

class Reader {
  readonly #document: Json;
  constructor(document: Json) {
    this.#document = document;
  }

  operation(path: string, method: string, item: Json, operation: Json): Operation {
    const { schema, example } = this.#content(operation['requestBody']);
    const replies = entries(operation['responses']).map(([status, reply]) => this.#reply(status, reply));
    const security = operation['security'] ?? this.#document['security'];
    return {
      id: String(operation['operationId'] ?? `${method} ${path}`),
      tag: String((operation['tags'] as unknown[] | undefined)?.[0] ?? ''),
      method: method.toUpperCase(),
      path,
      summary: textOf(operation, 'summary'),
      description: withoutAccess(textOf(operation, 'description')),
      access: String(operation['x-access'] ?? 'anyone'),
      hasOwnCredentials: !list(security).some((scheme) => 'Token' in scheme) && list(security).length > 0,
      parameters: this.#parameters([...list(item['parameters']), ...list(operation['parameters'])]),
      fields: this.fieldsOf(schema),
      example,
      success: replies.filter(({ status }) => /^[123]/.test(status)),
      errors: replies.filter(({ status }) => !/^[123]/.test(status)),
    };
  }

  webhook(name: string, operation: Json): Webhook {
    const { schema, example } = this.#content(operation['requestBody']);
    return {
      name,
      summary: textOf(operation, 'summary'),
      description: textOf(operation, 'description'),
      fields: this.fieldsOf(schema),
      headers: this.#parameters(list(operation['parameters'])),
      example,
    };
  }

  /** The fields of an object, with those of objects in it. */
  fieldsOf(schema: Json | undefined, prefix = '', depth = 0): Field[] {
    const object = this.#resolve(schema);
    const required = (object['required'] as string[] | undefined) ?? [];
    return entries(object['properties']).flatMap(([name, property]) => {
      const field = this.#field(prefix + name, property, required.includes(name));
      const items = this.#resolve(field.schema['items']);
      const inner = items['properties'] ? items : field.schema;
      const innerPrefix = items['properties'] ? `${field.name}[].` : `${field.name}.`;
      return [field, ...(depth < 3 ? this.fieldsOf(inner, innerPrefix, depth + 1) : [])];
    });
  }

  #field(name: string, written: Json, isRequired: boolean): Field {
    const schema = this.#resolve(written);
    return { name, types: [schema['type'] ?? []].flat().map(String), isRequired, schema };
  }

  #parameters(parameters: readonly Json[]) {
    return parameters.map((written) => {
      const parameter = this.#resolve(written);
      const field = this.#field(String(parameter['name']), jsonOf(parameter['schema']), parameter['required'] === true);
      const { description, example } = { description: parameter['description'], example: parameter['example'] };
      return {
        ...field,
        schema: { ...field.schema, description, 'x-zh': parameter['x-zh'] },
        in: String(parameter['in']),
        example,
      };
    });
  }

  #reply(status: string, written: Json): Reply {
    const reply = this.#resolve(written);
    const { schema, example } = this.#content(reply);
    const description = textOf(reply, 'description');
    const sent = (reply['x-error-codes'] as string[] | undefined) ?? [];
    const codes = [...sent.map((code) => internalCode(code, status)), ...keystoneCodes(status, description.en)];
    return { status, description, example, fields: this.fieldsOf(schema), codes };
  }

  /** The schema and an example of the first media type. */
  #content(written: unknown): { schema?: Json; example?: unknown } {
    const [media] = entries(this.#resolve(written)['content']).map(([, content]) => content);
    if (!media) return {};
    const [named] = entries(media['examples']).map(([, value]) => this.#resolve(value));
    const schema = this.#resolve(media['schema']);
    const [ofSchema] = (schema['examples'] as unknown[] | undefined) ?? [];
    return { schema, example: named?.['value'] ?? media['example'] ?? ofSchema };
  }

  #resolve(value: unknown): Json {
    const node = jsonOf(value);
    const reference = node['$ref'];
    if (typeof reference !== 'string') return node;
    const { $ref, ...rest } = node;
    const path = reference.slice(2).split('/');
    const target = path.reduce<Json>((at, name) => jsonOf(at[name.replaceAll('~1', '/')]), this.#document);
    return { ...this.#resolve(target), ...rest };
  }
}

/** The row of the table in lib/errors.ts for a code that is sent with this status. */
function internalCode(code: string, status: string): string {
  return `${code}:${status}` in ERRORS ? `${code}:${status}` : code;
}

/** Errors of the token API are sent without a code, so the description of the reply has only their texts. */
function keystoneCodes(status: string, description: string): string[] {
  const rows = Object.entries(ERRORS).filter(([code]) => code.startsWith('Keystone.'));
  return rows
    .filter(([, row]) => String(row.status) === status && description.includes(row.text))
    .map(([code]) => code);
}

/** The pages show the permission in a line of its own. */
function withoutAccess({ en, zh }: Text): Text {
  return { en: en.replace(/ Needs the permission `[^`]+`\.$/, ''), zh };
}

/** The text in both languages: English as OpenAPI has it, Chinese in the extension. */
export function textOf(node: Json, name: string, absent = ''): Text {
  const en = typeof node[name] === 'string' ? node[name] : absent;
  const zh = jsonOf(node['x-zh'])[name.replace(/^x-/, '')];
  return { en, zh: typeof zh === 'string' ? zh : en };
}

function jsonOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(jsonOf) : [];
}

function entries(value: unknown): [string, Json][] {
  return Object.entries(jsonOf(value)).map(([name, entry]) => [name, jsonOf(entry)]);
}
