/** JSON in a text of a message, such as a trace that a notification service delivers. */
import { parseJson } from '../../util/json.ts';
import { assertUniqueKeys } from '../../validation/json-body.ts';

/**
 * Parses JSON that is in a string of a message. Returns undefined for a text that is not JSON, and for one with a key
 * twice: another parser might read it differently.
 */
export function embeddedJson(text: string): unknown {
  try {
    assertUniqueKeys(text, 'KMS.0202');
  } catch {
    return undefined;
  }
  return parseJson(text);
}
