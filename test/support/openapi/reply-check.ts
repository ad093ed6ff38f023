/** Compares replies with the OpenAPI document: status, headers, body and error code, by route and method. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readRoutes, router } from '../../../local/routes.ts';
import { type OpenApiDocument, type OpenApiResponse, openapiDocument } from '../../../openapi/document.ts';

export interface SentReply {
  method: string;
  /** As sent, without the query. */
  path: string;
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
}

type Problem = string | undefined;

const DOCUMENT_ID = 'openapi.json';

/** Where a reply's description is in the document, as a JSON pointer in parts. */
type Place = readonly string[];

export type ReplyCheck = (reply: SentReply) => Problem;

/**
 * Returns a function that says what is wrong with a reply; undefined for a reply as described.
 * @param hasUpstream whether errors may be those of an upstream, with a status and a code of its own
 */
export async function replyChecker({ hasUpstream = false } = {}): Promise<ReplyCheck> {
  const document = await openapiDocument();
  const validatorOf = compiler(document);
  const route = router(new Map(readRoutes().map(({ key }) => [key, key])));

  function placeOf({ method, path, status }: SentReply): Place | undefined {
    const key = routeOf(route, method, path);
    // OpenAPI has no parameters that contain slashes.
    const [, pattern = ''] = key.replace('+}', '}').split(' ');
    const place =
      key === '*'
        ? ['x-unmatched-responses', String(status)]
        : ['paths', pattern, method.toLowerCase(), 'responses', String(status)];
    return resolved(document, place);
  }

  return (reply) => {
    const { method, status, headers, body } = reply;
    const place = placeOf(reply);
    const isForwarded = hasUpstream && status >= 400;
    if (!place) return isForwarded ? undefined : 'this status is not in the document';
    const response = at(document, place) as OpenApiResponse;
    const missing = missingHeader(document, response, headers);
    if (missing) return `the header ${missing} is missing or malformed`;
    if (method === 'HEAD') return undefined;
    if (body === '') return response.content && !response['x-may-be-empty'] ? 'the body is missing' : undefined;
    const contentType = headers['content-type'] ?? '';
    // A website has files of many types.
    if (response.content?.['text/html'] && contentType !== 'application/json') return undefined;
    if (!response.content?.[contentType]) return `the content type ${contentType} is not in the document`;
    const json: unknown = JSON.parse(body);
    const validate = validatorOf([...place, 'content', contentType, 'schema']);
    if (!validate(json)) return JSON.stringify(validate.errors?.slice(0, 3));
    const code = (json as { error_code?: string }).error_code;
    const isDocumented = isForwarded || code === undefined || (response['x-error-codes'] ?? [code]).includes(code);
    return isDocumented ? undefined : `the code ${code} is not in the document`;
  };
}

function routeOf(route: ReturnType<typeof router<string>>, method: string, path: string): string {
  try {
    // The gateway gives the versions with a slash at the end to the function of unmatched requests.
    return route(method, /^\/(v3|v1\.0)\/$/.test(path) ? path.slice(0, -1) : path).target;
  } catch {
    // A malformed percent-encoding.
    return '*';
  }
}

/** @returns a function that compiles the schema at a place, once */
function compiler(document: OpenApiDocument): (place: Place) => ValidateFunction {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false });
  formats.default(ajv, ['date-time']);
  ajv.addVocabulary(Object.keys(document));
  ajv.addVocabulary(['x-zh', 'example']);
  // The document as a whole is no schema; the parts that are compiled are checked.
  ajv.addSchema({ ...document, $id: DOCUMENT_ID }, DOCUMENT_ID, false, false);
  const compiled = new Map<string, ValidateFunction>();
  return (place) => {
    const pointer = place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `${DOCUMENT_ID}#/${pointer}` });
    compiled.set(pointer, validate);
    return validate;
  };
}

function at(document: OpenApiDocument, place: Place): unknown {
  let value: unknown = document;
  for (const part of place) value = (value as Record<string, unknown> | undefined)?.[part];
  return value;
}

/** The place, or the one to which a reference at the place leads; undefined if nothing is there. */
function resolved(document: OpenApiDocument, place: Place): Place | undefined {
  const value = at(document, place) as { $ref?: string } | undefined;
  return value?.$ref === undefined ? value && place : resolved(document, value.$ref.slice(2).split('/'));
}

function missingHeader(
  document: OpenApiDocument,
  { headers: described = {} }: OpenApiResponse,
  headers: SentReply['headers'],
): string | undefined {
  return Object.entries(described).find(([name, entry]) => {
    const place = entry.$ref?.slice(2).split('/');
    const header = place ? (at(document, place) as typeof entry) : entry;
    const value = headers[name.toLowerCase()];
    if (value === undefined) return name === 'X-Request-Id' || header.required === true;
    const { pattern } = (header.schema ?? {}) as { pattern?: string };
    return pattern !== undefined && !new RegExp(pattern).test(value);
  })?.[0];
}
