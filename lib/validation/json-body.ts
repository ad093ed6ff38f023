import { type ErrorCode, KmsError } from '../errors.ts';

/**
 * Parses a request body: UTF-8, JSON, an object, with no key twice and none called `__proto__`. What two parsers could
 * read in two ways is refused, because the one that checks and the one that acts must agree.
 * @param body as received; empty bytes are an empty object
 * @param code what it is refused with
 * @throws KmsError
 */
export function parseBody(body: Uint8Array, code: ErrorCode = 'KMS.0202'): Record<string, unknown> {
  if (body.length === 0) return {};
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  return parseStrictJson(body, code, isObject, 'The body must be a JSON object.') as Record<string, unknown>;
}

/**
 * Parses a body that is an array, as strictly as one that is an object. Empty bytes are no array.
 * @throws KmsError KMS.0202
 */
export function parseList(body: Uint8Array): unknown[] {
  return parseStrictJson(body, 'KMS.0202', Array.isArray, 'The body must be a JSON array.') as unknown[];
}

function parseStrictJson(
  body: Uint8Array,
  code: ErrorCode,
  isForm: (value: unknown) => boolean,
  detail: string,
): unknown {
  let text: string;
  let value: unknown;
  try {
    text = UTF8.decode(body);
    value = JSON.parse(text);
  } catch {
    throw new KmsError(code, { detail: 'The body must be JSON in UTF-8.' });
  }
  if (!isForm(value)) throw new KmsError(code, { detail });
  assertPlainKeys(text, code);
  return value;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;

/** Walks the keys of a text that is known to be JSON. */
function assertPlainKeys(json: string, code: ErrorCode): void {
  const open: Set<string>[] = [];
  for (const [token, colon] of json.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(token.slice(0, -colon.length)) as string;
      const keys = open.at(-1);
      if (key === '__proto__') throw new KmsError(code, { detail: 'The key __proto__ is not allowed.' });
      if (keys?.has(key)) throw new KmsError(code, { detail: 'A key is there twice.' });
      keys?.add(key);
    }
  }
}
