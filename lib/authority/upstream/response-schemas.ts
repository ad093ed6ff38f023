/**
 * The responses accepted from the upstream. A response that does not match is an error; fields not named here are
 * dropped, except that the flat fields of key details are passed on.
 * Source: KMS API reference, the response tables of each API.
 */
import * as z from 'zod/mini';
import { GRANT_ID_PATTERN, IAM_ID_PATTERN, KEY_ID_PATTERN } from '../../domain/ids.ts';
import type { KeyDetails, KeyState, Operation } from '../../domain/model.ts';

const keyId = z.string().check(z.regex(KEY_ID_PATTERN));
const grantId = z.pipe(
  z.string().check(z.regex(GRANT_ID_PATTERN)),
  z.transform((id) => id.toLowerCase()),
);
const id = z.string().check(z.regex(IAM_ID_PATTERN));
const shortText = z.string().check(z.regex(/^[\w.:/-]{0,255}$/));

/** Absent, null and empty mean the same. */
const optional = z.pipe(
  z.nullish(shortText),
  z.transform((value) => value || undefined),
);

const grant = z.object({
  key_id: keyId,
  grant_id: grantId,
  name: optional,
  grantee_principal: id,
  /** Absent in the oldest revisions of the API. */
  grantee_principal_type: z._default(z.enum(['user', 'domain']), 'user'),
  // Operations that this version does not know are passed on.
  operations: z.array(z.custom<Operation>((value) => typeof value === 'string' && /^[a-z-]{1,64}$/.test(value))),
  issuing_principal: id,
  retiring_principal: optional,
  creation_date: z.string().check(z.regex(/^\d{1,16}$/)),
});

const pageEnd = {
  next_marker: z.nullish(z.string().check(z.regex(/^[\w-]{0,64}$/))),
  truncated: z.enum(['true', 'false']),
  total: z.int().check(z.nonnegative()),
};
type PageEnd = { truncated: string; next_marker?: string | null | undefined };

/** A truncated page without a next marker would be requested again for ever. */
const hasNextMarker = z.refine<PageEnd>(({ truncated, next_marker }) => truncated === 'false' || Boolean(next_marker));

export const grantPage = z.object({ grants: z.array(grant).check(z.maxLength(1000)), ...pageEnd }).check(hasNextMarker);

const keyState = z.enum(['1', '2', '3', '4', '5']);

/** Drops nested values, which could be nested too deeply to be serialized. */
const withoutNesting = (value: unknown) => (typeof value === 'object' ? undefined : value);

const keyDetails = z.looseObject({ key_id: keyId, key_state: keyState });
const details = z.pipe(
  keyDetails,
  z.transform((key: z.output<typeof keyDetails>): KeyDetails => {
    return { ...key, ...Object.fromEntries(Object.entries(key).map(([name, value]) => [name, withoutNesting(value)])) };
  }),
);

export const keyPage = z
  .object({
    key_details: z.array(details).check(z.maxLength(1000)),
    ...pageEnd,
    /** Absent in older revisions of the API. */
    total: z.optional(pageEnd.total),
  })
  .check(hasNextMarker);

export const describedKey = (keyId: string) =>
  z.object({ key_info: details }).check(z.refine(({ key_info }) => key_info.key_id === keyId));

export const createdKey = z.object({ key_info: z.object({ key_id: keyId, domain_id: shortText }) });
export const createdGrant = z.object({ grant_id: grantId });

/** Some APIs nest the key under key_info. */
export const changedKey = (keyId: string) => {
  const changed = z.object({ key_id: z.literal(keyId), key_state: keyState });
  return z.union([changed, z.object({ key_info: changed })]);
};

export function stateOf(response: z.output<ReturnType<typeof changedKey>>): KeyState {
  return ('key_info' in response ? response.key_info : response).key_state as KeyState;
}

/** The response of revoke-grant and retire-grant. Any field in it could mean that nothing was done. */
export const emptyObject = z.strictObject({});
