import { type ErrorCode, KmsError } from '../errors.ts';
import { parseJson } from '../util/json.ts';

/** Details of errors. */
export const NOT_JSON = 'The body must be JSON in UTF-8.';
export const NOT_AN_OBJECT = 'The body must be a JSON object.';

/**
 * Parses a JSON object. Refuses what two JSON parsers could read differently: the one that checks a request and the one
 * that executes it must agree.
 * @param body as received; empty bytes count as an empty object
 * @param code the error code of a refusal
 * @throws KmsError for invalid UTF-8 or JSON, anything but an object, and the keys that `assertUniqueKeys` refuses
 */
export function parseBody(body: Uint8Array, code: ErrorCode = 'KMS.0202'): Record<string, unknown> {
  if (body.length === 0) return {};
  return parseStrictJson(body, code, isJsonObject, NOT_AN_OBJECT);
}

export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses a JSON array, as strictly as `parseBody` parses an object.
 * @throws KmsError KMS.0202, also for empty bytes
 */
export function parseList(body: Uint8Array): unknown[] {
  return parseStrictJson<unknown[]>(body, 'KMS.0202', Array.isArray, 'The body must be a JSON array.');
}

function parseStrictJson<T>(
  body: Uint8Array,
  code: ErrorCode,
  isExpectedType: (value: unknown) => value is T,
  typeDetail: string,
): T {
  const json = decodeUtf8(body);
  let value: unknown;
  try {
    value = JSON.parse(json ?? '');
  } catch {
    throw new KmsError(code, { detail: NOT_JSON });
  }
  if (!isExpectedType(value)) throw new KmsError(code, { detail: typeDetail });
  assertUniqueKeys(json ?? '', code);
  return value;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Returns the text without a byte order mark, or undefined for bytes that are not UTF-8. A parser may ignore the mark,
 * which some programs write before JSON. Source: RFC 8259, section 8.1.
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Checks the keys of a JSON text. JSON.parse keeps the last of two equal keys and drops the rest without an error.
 * The text is read once from start to end, because it may not be JSON: the JSON parser refuses it then.
 * @throws KmsError with `code` when an object has a key twice, or the key `__proto__`
 */
export function assertUniqueKeys(json: string, code: ErrorCode): void {
  const keysOfOpenObjects: Set<string>[] = [];
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (character === '{') keysOfOpenObjects.push(new Set());
    else if (character === '}') keysOfOpenObjects.pop();
    else if (character === '"') {
      const end = endOfString(json, index);
      const key = isFollowedByColon(json, end) ? parseJson(json.slice(index, end)) : undefined;
      const keys = keysOfOpenObjects.at(-1);
      if (key === '__proto__') throw new KmsError(code, { detail: 'The key __proto__ is not allowed.' });
      if (typeof key === 'string' && keys?.has(key)) throw new KmsError(code, { detail: 'A key occurs twice.' });
      if (typeof key === 'string') keys?.add(key);
      index = end - 1;
    }
  }
}

/** The index after the closing quote; the length of the text when there is none. */
function endOfString(json: string, start: number): number {
  for (let index = start + 1; index < json.length; index += 1) {
    if (json[index] === '\\') index += 1;
    else if (json[index] === '"') return index + 1;
  }
  return json.length;
}

function isFollowedByColon(json: string, end: number): boolean {
  let index = end;
  while (WHITESPACE.has(json[index] ?? '')) index += 1;
  return json[index] === ':';
}

/** Source: RFC 8259, section 2. */
const WHITESPACE = new Set([' ', '\t', '\n', '\r']);
