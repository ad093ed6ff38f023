/**
 * The lines of a random history, as plain data. What a line points at ("the second newest grant") is found when it runs,
 * so that any part of a history is a history too: that is what makes a failing one shrink.
 */
import * as fc from 'fast-check';
import * as cast from './values.ts';

/** An index into what was made so far, or the name of nothing, or `own`: the key that the grant is on. */
export type Ref = number | string;
export interface PageDraft {
  limit: number;
  after?: Ref;
  offset?: number;
}
/** An ask whose ids are still references. */
export type Draft = { action: string; key?: Ref; grant?: Ref; page?: PageDraft } & Record<string, unknown>;

export interface Send {
  draft: Draft;
  /** A number of `PEOPLE`, or whoever made the key. */
  by: number | 'creator';
  /** In the project that the key is not of. */
  isAstray?: boolean;
  sequence?: string;
  signature?: string;
  /** White space at the end of the body. */
  padding: string;
  /** Which of two instances over one store is asked. */
  via: number;
}
/** Sends an earlier request once more; 0 is the last one. With `offByMs`, so much off the end of its hour. */
export interface Again {
  again: number;
  offByMs?: number;
  via: number;
}
/** So much off the moment that a waiting key's time comes, asks for its cancellation; or, that it goes, for its deletion. */
export interface Due {
  due: 'cancel-key-deletion' | 'delete-due-keys';
  which: number;
  offByMs: number;
  via: number;
}
export type Command = Send | Again | Due;

const { record, oneof, constantFrom, constant, nat, subarray } = fc;
export const some = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
/** There in one of so many. */
export const oneIn = <T>(times: number, arbitrary: fc.Arbitrary<T>) =>
  oneof(some(times - 1, constant(undefined)), some(1, arbitrary));

const nowhere = (kind: 'key' | 'grant') => constantFrom(...cast.NOWHERE[kind].map(([name]) => name));
const key = oneof(some(8, constant(0)), some(8, nat({ max: 5 })), some(1, nowhere('key')));
const grant = oneof(some(20, nat({ max: 9 })), some(1, nowhere('grant')));
const offByMs = constantFrom(0, -1, 1);
const via = nat({ max: 1 });
export const limit = constantFrom(...cast.LIMITS);
export const pageAfter = (ref: fc.Arbitrary<Ref>): fc.Arbitrary<PageDraft> =>
  oneof(
    some(2, record({ limit })),
    some(1, record({ limit, after: ref })),
    some(1, record({ limit, offset: constantFrom(...cast.OFFSETS) })),
  );

export const draft = <const Action extends string>(
  action: Action,
  fields: Record<string, fc.Arbitrary<unknown>> = {},
) => record({ action: constant(action), ...fields }).map(withoutUndefined) as fc.Arbitrary<Draft>;

export const grantTerms = {
  key,
  grantee: constantFrom(...cast.PRINCIPALS),
  granteeType: constantFrom('user', 'domain'),
  operations: subarray(cast.OPERATIONS, { minLength: 1 }),
  name: oneIn(2, constantFrom(...cast.NAMES)),
  retiringPrincipal: oneIn(2, constantFrom(...cast.PRINCIPALS)),
};
export const keyTerms = {
  alias: constantFrom(...cast.ALIASES),
  description: constantFrom(...cast.DESCRIPTIONS),
  keySpec: constantFrom(...cast.SPECS),
  keyUsage: constant('ENCRYPT_DECRYPT'),
};
const mostlyItsOwn = oneof(some(8, constant('own')), some(1, key));

export const changes = [
  some(18, draft('create-grant', grantTerms)),
  some(6, draft('revoke-grant', { grant, key: mostlyItsOwn })),
  some(5, draft('retire-grant', { grant, key: mostlyItsOwn })),
  some(2, draft('create-key', keyTerms)),
  some(1, draft('disable-key', { key })),
  some(2, draft('enable-key', { key })),
  some(1, draft('schedule-key-deletion', { key, pendingDays: constantFrom(...cast.PENDING_DAYS) })),
  some(1, draft('cancel-key-deletion', { key })),
];
export const lists = [
  some(4, draft('list-grants', { key, page: pageAfter(grant) })),
  some(3, draft('list-grants', { key, page: pageAfter(grant), grantee: constantFrom(...cast.PRINCIPALS) })),
  some(5, draft('list-retirable-grants', { page: pageAfter(grant) })),
  some(
    2,
    draft('list-keys', {
      page: pageAfter(key),
      state: oneIn(2, constantFrom(...cast.STATES)),
      keySpec: oneIn(2, constantFrom(...cast.SPECS)),
    }),
  ),
  some(1, draft('describe-key', { key })),
];
const events = draft('list-events', { key: oneIn(2, key), grant: oneIn(2, grant), limit });

const anyone: fc.Arbitrary<Send['by']> = nat({ max: cast.PEOPLE.length - 1 });
const mostlyCreator = oneof(some(2, anyone), some(3, constant('creator' as const)));
export const sent = (what: fc.WeightedArbitrary<Draft>[], by = mostlyCreator): fc.Arbitrary<Send> =>
  record({
    draft: oneof(...what),
    by,
    isAstray: oneIn(20, constant(true)),
    sequence: oneIn(4, constantFrom(...cast.SEQUENCES)),
    signature: oneIn(4, constantFrom(...cast.SIGNATURES)),
    padding: fc.constantFrom(...cast.PADDINGS),
    via,
  }).map(withoutUndefined);

export const again: fc.Arbitrary<Again> = record({ again: nat({ max: 12 }), via });
const againLate: fc.Arbitrary<Again> = record({ again: nat({ max: 12 }), offByMs, via });
const due: fc.Arbitrary<Due> = record({
  due: constantFrom('cancel-key-deletion', 'delete-due-keys'),
  which: nat({ max: 3 }),
  offByMs,
  via,
});

/** What one client does, one command after the other. */
export const command: fc.Arbitrary<Command> = oneof(
  some(60, sent([...changes, ...lists, some(1, events)])),
  some(6, again),
  some(2, againLate),
  some(2, due),
);

function withoutUndefined<T extends object>(value: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return JSON.parse(JSON.stringify(value));
}
