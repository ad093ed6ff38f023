/**
 * The responses accepted from the upstream. Of a row of a list, only what every task needs is required: the ids, and
 * who holds a grant. Other fields are passed on as text where they are plain values, and are left out otherwise, so
 * that one unfamiliar row never hides the others.
 * Source: KMS API reference, the response tables of each API.
 */
import * as z from 'zod/mini';
import { CONTROL } from '../../domain/characters.ts';
import { GRANT_ID_PATTERN } from '../../domain/ids.ts';
import type { Grant, KeyDetails, KeyState, Operation, PrincipalType } from '../../domain/model.ts';
import type { UnreadableRow, UpstreamPage } from './pages.ts';

/** Ids in another form than the documented one are used as they are. */
const keyId = z.string().check(z.regex(/^[\w.:-]{1,128}$/));
const grantId = z.pipe(
  z.string().check(z.regex(/^[\w.:-]{1,128}$/)),
  z.transform((id) => (GRANT_ID_PATTERN.test(id) ? id.toLowerCase() : id)),
);

/** Without control characters: the text is sent to clients and stored. */
const PRINTABLE = new RegExp(`^[^${CONTROL}]{1,1024}$`, 'u');

/** A text, or a number or boolean as text. Absent, null, empty and nested values are undefined. */
function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return typeof text === 'string' && PRINTABLE.test(text) ? text : undefined;
}

const anything = z.nullish(z.unknown());
const optionalText = z.pipe(anything, z.transform(textOf));
const requiredText = z
  .pipe(z.union([z.string(), z.number()]), z.transform(String))
  .check(z.refine((text) => PRINTABLE.test(text)));

/** Operations and types of grantees that this version does not know are passed on. */
function operationsOf(value: unknown): Operation[] {
  const list = Array.isArray(value) ? value : String(value ?? '').split(/[,\s]+/);
  return list.map(textOf).filter((operation) => operation !== undefined) as Operation[];
}

const grant = z.object({
  key_id: keyId,
  grant_id: grantId,
  name: optionalText,
  grantee_principal: requiredText,
  /** Absent in the oldest revisions of the API. */
  grantee_principal_type: z.pipe(
    anything,
    z.transform((value) => (textOf(value) ?? 'user') as PrincipalType),
  ),
  operations: z.pipe(anything, z.transform(operationsOf)),
  issuing_principal: optionalText,
  retiring_principal: optionalText,
  creation_date: z.pipe(
    optionalText,
    z.transform((date) => (date && /^\d{1,16}$/.test(date) ? date : undefined)),
  ),
});

const count = z.pipe(
  anything,
  z.transform((value) => {
    const digits = textOf(value) ?? '';
    return /^\d{1,9}$/.test(digits) ? Number(digits) : undefined;
  }),
);
const pageEnd = { next_marker: optionalText, truncated: optionalText, total: count };

/** `truncated` decides whether there is a next page; without it, `next_marker` does. 0 marks the first page. */
function endOf({ next_marker, truncated }: { next_marker?: string | undefined; truncated?: string | undefined }) {
  const marker = next_marker === '0' ? undefined : next_marker;
  const flag = truncated?.toLowerCase();
  const isTruncated = flag === 'true' || flag === '1' || (flag !== 'false' && flag !== '0' && marker !== undefined);
  return { next: isTruncated ? marker : undefined, isCutOff: isTruncated && marker === undefined };
}

/** Parses each row by itself. */
function rowsOf<T extends z.core.$ZodType>(schema: T, list: readonly unknown[]) {
  const results = list.map((row) => z.safeParse(schema, row));
  const rows = results.flatMap(({ success, data }) => (success ? [data as z.output<T>] : []));
  const unreadable = list.filter((_, index) => !results[index]?.success).map(idsOf);
  return { rows, unreadable };
}

function idsOf(row: unknown): UnreadableRow {
  const { data: ids } = z.safeParse(z.looseObject({}), row);
  return {
    keyId: z.safeParse(keyId, ids?.['key_id']).data ?? '',
    grantId: z.safeParse(grantId, ids?.['grant_id']).data ?? '',
    grantee: textOf(ids?.['grantee_principal']),
  };
}

/** A list that is missing says nothing about the rows, unless the total says that there are none. */
const list = z.nullish(z.array(z.unknown()));

export const grantPage = z.pipe(
  z.object({ grants: list, ...pageEnd }).check(z.refine(({ grants, total }) => Boolean(grants) || total === 0)),
  z.transform(
    ({ grants, total, ...end }): UpstreamPage<Grant> => ({ ...rowsOf(grant, grants ?? []), total, ...endOf(end) }),
  ),
);

/** Drops nested values, which could be nested too deeply to be serialized. */
const withoutNesting = (value: unknown) => (typeof value === 'object' ? undefined : value);

const keyDetails = z.looseObject({ key_id: keyId, key_state: optionalText });
const details = z.pipe(
  keyDetails,
  z.transform((key: z.output<typeof keyDetails>): KeyDetails => {
    return { ...key, ...Object.fromEntries(Object.entries(key).map(([name, value]) => [name, withoutNesting(value)])) };
  }),
);

/** `keys` has the ids of the same keys as `key_details`; an id whose details are missing or unreadable is used too. */
export const keyPage = z.pipe(
  z
    .object({ keys: list, key_details: list, ...pageEnd })
    .check(z.refine(({ keys, key_details, total }) => Boolean(keys ?? key_details) || total === 0)),
  z.transform(({ keys, key_details, total, ...end }): UpstreamPage<KeyDetails> => {
    const { rows, unreadable } = rowsOf(details, key_details ?? []);
    const known = new Set(rows.map(({ key_id }) => key_id));
    const others = rowsOf(keyId, keys ?? []).rows.filter((id) => !known.has(id));
    return {
      rows: [...rows, ...others.map((key_id) => ({ key_id }))],
      unreadable,
      total,
      ...endOf(end),
    };
  }),
);

export const describedKey = (keyId: string) =>
  z.object({ key_info: details }).check(z.refine(({ key_info }) => key_info.key_id === keyId));

export const createdKey = z.object({ key_info: z.object({ key_id: keyId, domain_id: optionalText }) });
export const createdGrant = z.object({ grant_id: grantId });

/** Some APIs nest the key under key_info. The state may be one that this version does not know. */
export const changedKey = (keyId: string) => {
  const changed = z.object({ key_id: z.literal(keyId), key_state: requiredText });
  return z.union([changed, z.object({ key_info: changed })]);
};

export function stateOf(response: z.output<ReturnType<typeof changedKey>>): KeyState {
  return ('key_info' in response ? response.key_info : response).key_state as KeyState;
}

/** The response of revoke-grant and retire-grant. Any field in it could mean that nothing was done. */
export const emptyObject = z.strictObject({});
