/** The parameters of a list or search. Source: RFC 7644, sections 3.4.2 and 3.4.3. */
import { ScimError } from '../http/scim-error.ts';
import { textOf } from '../util/json.ts';
import { assertSelection, type Selection } from './attributes.ts';

/** How many resources a page may have. `/ServiceProviderConfig` states it. */
export const PAGE_MAX = 200;
const PAGE_DEFAULT = 100;
const NUMBER = /^-?\d{1,9}$/;

export interface ListQuery {
  filter: string | undefined;
  /** The position of the first resource to return; the first of all has position 1. */
  startIndex: number;
  count: number;
  selection: Selection;
}

/** Parameters that are not of SCIM are ignored: Entra ID sends flags, such as `aadOptscim062020`. @throws ScimError */
export function queryOf(query: string): ListQuery {
  const parameters = new Map(
    [...new URLSearchParams(query)].map(([name, value]) => [name.toLowerCase(), value] as const),
  );
  const get = (name: string) => parameters.get(name.toLowerCase()) || undefined;
  return listQuery({
    filter: get('filter'),
    startIndex: get('startIndex'),
    count: get('count'),
    attributes: get('attributes')?.split(','),
    excludedAttributes: get('excludedAttributes')?.split(','),
  });
}

/** @param body of POST /.search @throws ScimError */
export function searchOf(body: Record<string, unknown>): ListQuery {
  const text = (name: string) => (body[name] === undefined ? undefined : textOf(body[name]));
  const { filter } = body;
  if (filter !== undefined && typeof filter !== 'string')
    throw new ScimError('invalidFilter', 'filter must be a string.');
  return listQuery({
    filter,
    startIndex: text('startIndex'),
    count: text('count'),
    attributes: namesIn(body['attributes']),
    excludedAttributes: namesIn(body['excludedAttributes']),
  });
}

function namesIn(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  throw new ScimError('invalidValue', 'attributes must be a list of names.');
}

function listQuery({
  filter,
  startIndex,
  count,
  ...names
}: Selection & Record<'filter' | 'startIndex' | 'count', string | undefined>): ListQuery {
  const selection = {
    attributes: names.attributes?.map((name) => name.trim()),
    excludedAttributes: names.excludedAttributes?.map((name) => name.trim()),
  };
  assertSelection(selection);
  return {
    filter,
    // A value below the smallest one counts as that. Source: RFC 7644, table 6.
    startIndex: Math.max(1, numberOf('startIndex', startIndex) ?? 1),
    count: Math.min(PAGE_MAX, Math.max(0, numberOf('count', count) ?? PAGE_DEFAULT)),
    selection,
  };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (NUMBER.test(text)) return Number(text);
  throw new ScimError('invalidValue', `${name} must be a whole number of at most 9 digits.`);
}
