/** The fields of request bodies that select a page of a list. Source: KMS API reference, `limit` and `marker`. */
import { EVENT_ID_PATTERN, GRANT_ID_PATTERN, KEY_ID_PATTERN } from '../domain/ids.ts';
import { optionalText, parsed, text } from './field.ts';
import { parseInteger } from './integer.ts';

/** The largest page, and the default. Source: list-grants, `limit`. */
export const LIMIT_MAX = 1000;

/** Documented as a string of digits. Terraform sends a number, and 2000 for all keys: a page then has `LIMIT_MAX`. */
export const limit = optionalText(
  parsed(parseLimit, 'KMS.1601', `limit must be a whole number above 0; a page has at most ${LIMIT_MAX}.`),
);

export interface Marker {
  after?: string;
  offset?: number;
}

/** The start of a page: after an id (`next_marker` of the previous page), or at an offset of 1 to 4 digits. */
function marker(idPattern: RegExp) {
  return optionalText(
    parsed(
      (input): Marker | undefined => {
        const offset = parseInteger(input, { min: 0, max: 9999 });
        if (offset !== undefined) return { offset };
        return typeof input === 'string' && idPattern.test(input) ? { after: input.toLowerCase() } : undefined;
      },
      'KMS.1602',
      'Pass next_marker of the page before, or an offset of up to 4 digits.',
    ),
  );
}

export const grantMarker = marker(GRANT_ID_PATTERN);
export const keyMarker = marker(KEY_ID_PATTERN);
/** Lists of events have no offset. */
export const eventMarker = optionalText(text(EVENT_ID_PATTERN, 'KMS.1602', 'Pass next_marker of the page before.'));

/** Returns a JSON number, or a string of digits, as a number of at most `LIMIT_MAX`; undefined for anything else. */
function parseLimit(input: unknown): number | undefined {
  const integer = typeof input === 'string' && /^\d{1,20}$/.test(input) ? Number(input) : input;
  return Number.isInteger(integer) && Number(integer) > 0 ? Math.min(Number(integer), LIMIT_MAX) : undefined;
}
