/** What a person writes about an API; everything else of the document comes from the code that runs. */
import type { ErrorCode } from '../lib/errors.ts';

/** A text in both languages of the documentation. */
export interface Text {
  en: string;
  zh: string;
}

/** A JSON Schema, draft 2020-12. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Tag {
  name: string;
  title: Text;
  description: Text;
}

interface Reply {
  description: Text;
  /** Absent for a reply without a body. */
  schema?: Schema;
  example?: unknown;
  /** Default: `application/json`. */
  contentType?: string;
  /** Headers of this reply only, by name. */
  headers?: Readonly<Record<string, Header>>;
  /** Whether the reply may also have no body at all. */
  mayBeEmpty?: boolean;
}

export interface Header {
  description: Text;
  schema: Schema;
  required?: boolean;
}

export interface Parameter extends Header {
  name: string;
  in: 'header' | 'query';
  example?: unknown;
}

interface Example {
  summary: Text;
  value: unknown;
}

export interface Operation {
  /** The operationId; by default the last segment of the path, in camel case. */
  id?: string;
  tag: string;
  summary: Text;
  description: Text;
  /** The codes that the API's own rules throw; those of its access, fields and limits are derived. */
  codes?: readonly ErrorCode[];
  /** By status. */
  replies: Readonly<Record<string, Reply>>;
  parameters?: readonly Parameter[];
  /** Examples of the request body, by name. */
  examples?: Readonly<Record<string, Example>>;
  /** The request body by media type, where the API reads it by itself. */
  body?: { required: boolean; content: Readonly<Record<string, { schema: Schema; example?: unknown }>> };
  /** Names of security schemes, any of which is enough, where the API checks a signature by itself. */
  security?: readonly string[];
  /** Whether errors of the handler have the form of SCIM. */
  hasScimErrors?: boolean;
  /** Whether errors of the handler have the form of RFC 8935. */
  hasSetErrors?: boolean;
}

/** By route as in serverless.yml, such as `GET /v3/projects`. */
export type Operations = Readonly<Record<string, Operation>>;

/** Adds the route to operations that are named after the last segment of their path. */
export function kmsOperations(operations: Readonly<Record<string, Operation>>): Operations {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [`POST /v1.0/{project_id}/kms/${name}`, operation]),
  );
}
