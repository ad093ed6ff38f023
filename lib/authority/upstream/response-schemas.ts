/**
 * What the KMS behind this service may answer. Nothing is believed that does not fit; what is not named here is dropped,
 * but for the details of a key: what is flat of them is passed on.
 * Source: KMS API reference, the response tables of each API.
 */
import * as z from 'zod/mini';
import type { KeyDetails, KeyState, Operation } from '../../domain/model.ts';

const keyId = z.string().check(z.regex(/^[0-9a-z]{8}(-[0-9a-z]{4}){3}-[0-9a-z]{12}$/));
const grantId = z.pipe(
  z.string().check(z.regex(/^[A-Fa-f0-9]{64}$/)),
  z.transform((id) => id.toLowerCase()),
);
const id = z.string().check(z.regex(/^[\w-]{1,64}$/));
const stated = z.string().check(z.regex(/^[\w.:/-]{0,255}$/));

/** Left out, null and empty are the same. */
const optional = z.pipe(
  z.nullish(stated),
  z.transform((value) => value || undefined),
);

const grant = z.object({
  key_id: keyId,
  grant_id: grantId,
  name: optional,
  grantee_principal: id,
  /** The oldest revisions of the API did not tell it. */
  grantee_principal_type: z._default(z.enum(['user', 'domain']), 'user'),
  // One that is new there may be told here.
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

/** A page that says that there is more, and not where, would be asked for again for ever. */
const goesOn = z.refine<PageEnd>(({ truncated, next_marker }) => truncated === 'false' || Boolean(next_marker));

export const grantPage = z.object({ grants: z.array(grant).check(z.maxLength(1000)), ...pageEnd }).check(goesOn);

const keyState = z.enum(['1', '2', '3', '4', '5']);

/** What is nested is left out: it may be deeper than can be printed. */
const flat = (value: unknown) => (typeof value === 'object' ? undefined : value);

const told = z.looseObject({ key_id: keyId, key_state: keyState });
const details = z.pipe(
  told,
  z.transform((key: z.output<typeof told>): KeyDetails => {
    return { ...key, ...Object.fromEntries(Object.entries(key).map(([name, value]) => [name, flat(value)])) };
  }),
);

export const keyPage = z
  .object({
    key_details: z.array(details).check(z.maxLength(1000)),
    ...pageEnd,
    /** Older revisions of the API did not tell it. */
    total: z.optional(pageEnd.total),
  })
  .check(goesOn);

export const describedKey = (keyId: string) =>
  z.object({ key_info: details }).check(z.refine(({ key_info }) => key_info.key_id === keyId));

export const createdKey = z.object({ key_info: z.object({ key_id: keyId, domain_id: stated }) });
export const createdGrant = z.object({ grant_id: grantId });

/** Some APIs nest it. */
export const changedKey = (keyId: string) => {
  const moved = z.object({ key_id: z.literal(keyId), key_state: keyState });
  return z.union([moved, z.object({ key_info: moved })]);
};

export function stateOf(told: z.output<ReturnType<typeof changedKey>>): KeyState {
  return ('key_info' in told ? told.key_info : told).key_state as KeyState;
}

/** Of revoke-grant and retire-grant. Anything more may be a page that says why nothing was done. */
export const emptyObject = z.strictObject({});
