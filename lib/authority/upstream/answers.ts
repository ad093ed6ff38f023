/**
 * What the KMS behind this service may answer. Nothing is believed that does not fit; what is not named here is dropped,
 * but for the details of a key, which are passed on as they are.
 * Source: KMS API reference, the response tables of each API.
 */
import * as z from 'zod/mini';
import type { KeyState, Operation } from '../../store/store.ts';

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

export const grantPage = z.object({ grants: z.array(grant), ...pageEnd }).check(goesOn);

const keyState = z.enum(['1', '2', '3', '4', '5']);

export const keyPage = z
  .object({
    key_details: z.array(z.looseObject({ key_id: keyId, key_state: keyState })),
    ...pageEnd,
    /** Older revisions of the API did not tell it. */
    total: z.optional(pageEnd.total),
  })
  .check(goesOn);

export const describedKey = (keyId: string) =>
  z.object({ key_info: z.looseObject({ key_id: z.literal(keyId), key_state: keyState }) });

export const madeKey = z.object({ key_info: z.object({ key_id: keyId, domain_id: stated }) });
export const madeGrant = z.object({ grant_id: grantId });

/** Some APIs nest it. */
export const movedKey = (keyId: string) => {
  const moved = z.object({ key_id: z.literal(keyId), key_state: keyState });
  return z.union([moved, z.object({ key_info: moved })]);
};

export function stateOf(told: z.output<ReturnType<typeof movedKey>>): KeyState {
  return ('key_info' in told ? told.key_info : told).key_state as KeyState;
}

/** Of revoke-grant and retire-grant: nothing, or an object that is no error. */
export const nothing = z.looseObject({ error: z.optional(z.never()), error_code: z.optional(z.never()) });
