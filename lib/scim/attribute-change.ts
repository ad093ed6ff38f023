/**
 * What an operation of a PATCH makes of the value of one attribute.
 * Source: RFC 7644, section 3.5.2; Microsoft, "Known issues and resolutions with SCIM 2.0 protocol compliance".
 */
import { isJsonObject } from '../validation/json-body.ts';
import type { AttributeName } from './attribute-path.ts';
import { assertLength, coerce } from './attribute-value.ts';
import { type Comparison, matchesAll } from './filter.ts';
import { type Attribute, isNamed } from './schema.ts';
import { type Wire, without } from './wire.ts';

export const OPS = ['add', 'replace', 'remove'] as const;
export type Op = (typeof OPS)[number];

/** Returns the new value of an attribute, or of the resource's values of it; undefined for none. */
export function changed({ attribute, sub }: AttributeName, before: unknown, op: Op, value: unknown): unknown {
  if (!attribute) return before;
  if (sub) return changedPart(attribute, sub, before, op, value);
  if (attribute.multiValued) return changedList(attribute, before, op, value);
  if (op === 'remove') return undefined;
  const next = coerce(attribute, value);
  // add and replace keep the parts of a complex value that are not named. Source: RFC 7644, sections 3.5.2.1, 3.5.2.3.
  return isJsonObject(next) && isJsonObject(before) ? { ...before, ...next } : next;
}

function changedPart(attribute: Attribute, sub: Attribute, before: unknown, op: Op, value: unknown): unknown {
  const setIn = (holder: unknown) =>
    setPart(isJsonObject(holder) ? holder : {}, sub, op === 'remove' ? undefined : value);
  if (!attribute.multiValued) return setIn(before);
  const list = Array.isArray(before) && before.length > 0 ? before : [{}];
  return listOf(attribute, list.map(setIn), list);
}

function setPart(holder: Wire, sub: Attribute, value: unknown): Wire | undefined {
  const next = value === undefined ? undefined : coerce(sub, value);
  const result = next === undefined ? without(holder, sub.name) : { ...holder, [sub.name]: next };
  return Object.keys(result).length === 0 ? undefined : result;
}

function changedList(attribute: Attribute, before: unknown, op: Op, value: unknown): unknown {
  const old = Array.isArray(before) ? before : [];
  if (op === 'replace') return listOf(attribute, [coerce(attribute, value)].flat(), []);
  if (op === 'add') return listOf(attribute, [...old, ...[coerce(attribute, value)].flat()], old);
  // Entra ID removes members by value, which RFC 7644 does not have.
  if (value === undefined) return undefined;
  const removed = new Set([coerce(attribute, value)].flat().map(keyOf));
  return listOf(
    attribute,
    old.filter((one) => !removed.has(keyOf(one))),
    old,
  );
}

/**
 * Returns the values without duplicates and with one primary value at most; undefined for an empty list.
 * @param before the values before the change
 */
function listOf(attribute: Attribute, values: readonly unknown[], before: readonly unknown[]): Wire[] | undefined {
  const unique = new Map(values.filter(isJsonObject).map((one) => [keyOf(one), one]));
  const list = [...unique.values()].filter((one) =>
    Object.keys(one).some((key) => key !== 'type' && key !== 'primary'),
  );
  assertLength(attribute, list);
  if (list.length === 0) return undefined;
  if (!attribute.subAttributes?.some(isNamed('primary'))) return list;
  // Of several primary values, the one that was not primary before stays so. Source: RFC 7644, section 3.5.2.
  const wasPrimary = new Set(
    before
      .filter(isJsonObject)
      .filter((one) => one['primary'] === true)
      .map(keyOf),
  );
  const isNew = (one: Wire) => one['primary'] === true && !wasPrimary.has(keyOf(one));
  const newest = list.findLastIndex(isNew);
  const primary = newest >= 0 ? newest : list.findLastIndex((one) => one['primary'] === true);
  return list.map((one, index) => (one['primary'] === true && index !== primary ? { ...one, primary: false } : one));
}

/** Returns what identifies a value of a list: two with the same `value` and `type` are the same. */
const keyOf = (one: unknown): string =>
  isJsonObject(one) ? JSON.stringify([one['value'], one['type']]) : JSON.stringify(one);

/** Returns the values of an attribute after a change of those that a filter in the path matches. */
export function changedMatches(
  attribute: Attribute,
  before: unknown,
  change: { op: Op; sub: Attribute | undefined; within: readonly Comparison[]; value: unknown },
): unknown {
  const { op, sub, within, value } = change;
  const old: unknown[] = Array.isArray(before) ? before : [];
  const isMatch = (one: unknown) => matchesAll(one, attribute, within);
  if (op === 'remove') {
    return listOf(
      attribute,
      old.flatMap((one) => (isMatch(one) ? (sub ? (setPart(one as Wire, sub, undefined) ?? []) : []) : [one])),
      old,
    );
  }
  const setIn = (one: Wire) =>
    sub ? setPart(one, sub, value) : { ...one, ...([coerce(attribute, value)].flat()[0] as Wire) };
  if (old.some(isMatch))
    return listOf(
      attribute,
      old.map((one) => (isMatch(one) ? setIn(one as Wire) : one)),
      old,
    );
  // Entra ID creates the work address of a user this way: the filter says what the new value is.
  const stated = Object.fromEntries(within.flatMap((one) => (one.sub ? [[one.sub.name, one.value]] : [])));
  const [created = {}] = [coerce(attribute, stated)].flat();
  return listOf(attribute, [...old, setIn(created as Wire)], old);
}
