/** Fields of a trace of CTS whose form differs by service and by place. */
import { KmsError } from '../../errors.ts';
import { textOf } from '../../util/json.ts';
import { isJsonObject } from '../../validation/json-body.ts';
import { embeddedJson } from './embedded-json.ts';

type Trace = Readonly<Record<string, unknown>>;

/**
 * Whether the operation succeeded: failed ones are traced too. `trace_rating` says it, and so does an HTTP status in
 * `code`, which not all traces have.
 * @throws KmsError KMS.0308 if neither says it
 */
export function outcomeOf({ trace_rating: rating, code }: Trace): 'succeeded' | 'failed' {
  const status = /^[1-5]\d\d$/.exec(textOf(code))?.[0];
  const isSuccess = status?.startsWith('2');
  const word = typeof rating === 'string' ? rating.toLowerCase() : rating;
  if (word === 'warning' || word === 'incident' || isSuccess === false) return 'failed';
  if (word === 'normal' || ((word === undefined || word === '') && isSuccess)) return 'succeeded';
  throw new KmsError('KMS.0308', { detail: 'trace_rating must be normal, warning or incident.' });
}

/**
 * Whether a trace of an update says that the user is disabled now. An update that does not mention it changed something
 * else.
 * @throws KmsError KMS.0308 if it may say so, but is not understood
 */
export function saysDisabled({ request, response }: Trace): boolean {
  const [requested, answered] = [enabledIn(request), enabledIn(response)];
  for (const enabled of [requested, answered]) if (typeof enabled === 'boolean') return !enabled;
  if (requested === 'not-mentioned') return false;
  if (requested === 'unreadable' || answered === 'unreadable') {
    throw new KmsError('KMS.0308', { detail: 'request and response of the trace must be JSON objects.' });
  }
  return false;
}

/** Returns `enabled` of the user in a body, which may be an object, or the text of one. */
function enabledIn(body: unknown): boolean | 'absent' | 'not-mentioned' | 'unreadable' {
  if (body === undefined || body === null || body === '') return 'absent';
  const value = typeof body === 'string' ? embeddedJson(body) : body;
  if (!isJsonObject(value)) return 'unreadable';
  const user = isJsonObject(value['user']) ? value['user'] : {};
  const enabled = user['enabled'] ?? value['enabled'];
  if (enabled === undefined || enabled === null) return 'not-mentioned';
  if (enabled === true || enabled === 'true') return true;
  return enabled === false || enabled === 'false' ? false : 'unreadable';
}
