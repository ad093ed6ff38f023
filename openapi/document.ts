/**
 * The OpenAPI document of the service, made from what it runs on: the routes of serverless.yml, the description of each
 * API in functions/, its fields, and the table of errors. Texts, replies and examples are in operations/.
 */
import { readFileSync } from 'node:fs';
import type { Api } from '../lib/handlers/api.ts';
import { type Route, readRoutes } from '../local/routes.ts';
import { codesOf, UNMATCHED_CODES } from './error-codes.ts';
import { OPERATIONS } from './operations.ts';
import { OUTGOING_WEBHOOKS } from './outgoing.ts';
import { parametersOf } from './parameters.ts';
import { requestBodyOf } from './request-body.ts';
import { COMMON_HEADERS, errorResponses, ownResponses } from './responses.ts';
import { SCHEMAS } from './schemas.ts';
import { SECURITY_SCHEMES, securityOf } from './security.ts';
import { shareResponses } from './share-responses.ts';
import { TAGS } from './tags.ts';
import type { Operation } from './types.ts';

/** Any JSON: the document is for other programs. */
export type OpenApiDocument = Record<string, unknown> & {
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: Record<string, Record<string, unknown>>;
};

export interface OpenApiOperation {
  operationId: string;
  responses: Record<string, OpenApiResponse | { $ref: string }>;
  requestBody?: { required: boolean; content: Record<string, { schema: object; examples?: object }> };
  [name: string]: unknown;
}

export interface OpenApiResponse {
  description: string;
  headers: Record<string, { $ref?: string; schema?: object; required?: boolean }>;
  content?: Record<string, { schema: object }>;
  'x-error-codes'?: string[];
  'x-may-be-empty'?: boolean;
}

const INFO = {
  title: 'kms-grants',
  summary: 'Lists and revokes KMS grants.',
  description:
    'Implements the documented grant and key APIs of Huawei Cloud KMS, and adds APIs that list and revoke what a principal holds. The KMS APIs are POST requests with a JSON body of at most 64 KiB, in any content type. Fields that an API does not know are ignored and null counts as absent, unless the schema says otherwise. With an upstream KMS, an error of the upstream is passed on with its own status and code.',
  'x-zh': {
    summary: '查询和撤销 KMS 授权。',
    description:
      '实现华为云 KMS 文档中的授权和密钥 API，并增加按主体查询和撤销授权的 API。KMS API 均为 POST 请求，JSON 请求体不超过 64 KiB，内容类型不限。除非模式另有规定，未知字段会被忽略，null 等同于未填写。对接上游 KMS 时，上游的错误以其自身的状态码和错误码返回。',
  },
  license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
};

/** Returns the document. @throws Error for a route without an entry in operations/, and for an entry without a route */
export async function openapiDocument(): Promise<OpenApiDocument> {
  const routes = readRoutes().filter(({ key }) => key !== '*');
  const unused = Object.keys(OPERATIONS).filter((key) => !routes.some((route) => route.key === key));
  if (unused.length > 0) throw new Error(`openapi/operations/ describes routes that do not exist: ${unused}`);
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) {
    const [method = '', pattern = ''] = route.key.split(' ');
    // OpenAPI has no parameters that contain slashes.
    const path = pattern.replace('+}', '}');
    const item = paths[path] ?? {};
    paths[path] = item;
    item[method.toLowerCase()] = operationOf(route, await apiOf(route));
  }
  const responses = shareResponses(Object.values(paths).flatMap((item) => Object.values(item)));
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return {
    openapi: '3.1.1',
    info: { ...INFO, version },
    servers: [{ url: '/' }],
    tags: TAGS.map(({ name, title, description }) => ({
      name,
      description: description.en,
      'x-displayName': title.en,
      'x-zh': { description: description.zh, displayName: title.zh },
    })),
    paths,
    webhooks: OUTGOING_WEBHOOKS,
    components: { schemas: SCHEMAS, responses, headers: COMMON_HEADERS, securitySchemes: SECURITY_SCHEMES },
    // Of requests that match no path or method above.
    'x-unmatched-responses': {
      308: { description: 'Leads to a page of the website, whose path has no slash at the end.' },
      ...errorResponses(UNMATCHED_CODES, {
        isHead: false,
        hasUpstream: false,
        hasScimErrors: false,
        hasSetErrors: false,
      }),
    },
  };
}

/** The description of an API, as its file in functions/ has it. */
export async function apiOf({ handler }: Pick<Route, 'handler'>): Promise<Api> {
  const { handler: exported } = await import(`../${handler.replace(/\.handler$/, '.ts')}`);
  return (exported as { api: Api }).api;
}

function operationOf({ key, name }: Route, api: Api): OpenApiOperation {
  const operation = OPERATIONS[key];
  if (!operation) throw new Error(`openapi/operations/ has no entry for ${key}`);
  const { tag, summary, description, hasScimErrors = false, hasSetErrors = false } = operation;
  const shape = {
    isHead: key.startsWith('HEAD '),
    hasUpstream: api.access.startsWith('kms:'),
    hasScimErrors,
    hasSetErrors,
  };
  const requestBody = requestBodyOf(api, operation);
  const parameters = parametersOf(key, api, operation);
  return {
    operationId: operation.id ?? camelCase(name),
    tags: [tag],
    summary: summary.en,
    description: description.en + accessText(api, operation),
    'x-zh': { summary: summary.zh, description: description.zh },
    'x-access': api.access,
    security: securityOf(api, operation),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody: requestBody as NonNullable<OpenApiOperation['requestBody']> }),
    responses: {
      ...ownResponses(operation, shape),
      ...errorResponses(codesOf(api, operation), shape),
    } as OpenApiOperation['responses'],
  };
}

function accessText({ access }: Api, { security }: Operation): string {
  if (security || access === 'anyone' || access === 'caller') return '';
  return ` Needs the permission \`${access}\`.`;
}

const camelCase = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
