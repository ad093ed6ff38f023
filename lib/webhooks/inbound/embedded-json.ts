/** JSON in a text of a message, such as a trace that a notification service delivers. */
import { parseJson } from '../../util/json.ts';
import { assertUniqueKeys } from '../../validation/json-body.ts';

/** Returns undefined for a text that is not JSON, or that two parsers may read differently. */
export function embeddedJson(text: string): unknown {
  try {
    assertUniqueKeys(text, 'KMS.0202');
  } catch {
    return undefined;
  }
  return parseJson(text);
}
