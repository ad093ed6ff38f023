/**
 * The commands of a random history, as plain data. A command refers to keys and grants by position ("the second newest
 * grant"), which is resolved when it runs. So any part of a history is a history too, and a failing one can be shrunk.
 */
import * as fc from 'fast-check';
import * as values from './values.ts';

/** An index into the keys or grants created so far, the name of an unknown id, or `own`: the key of the grant. */
export type Ref = number | string;
export interface PageTemplate {
  limit: number;
  after?: Ref;
  offset?: number;
}
/** A call whose ids are still references. */
export type CallTemplate = { action: string; key?: Ref; grant?: Ref; page?: PageTemplate } & Record<string, unknown>;

export interface SendCommand {
  template: CallTemplate;
  /** An index into `USERS`, or the creator of the key. */
  sender: number | 'creator';
  /** Sends the request in the project to which the key does not belong. */
  isWrongProject?: boolean;
  sequence?: string;
  signature?: string;
  /** White space at the end of the body. */
  padding: string;
  /** Which of the two service instances over one store gets the request. */
  instance: number;
}
/** Sends an earlier request again; 0 is the last one. With `afterMs`, so long after it. */
export interface ResendCommand {
  resend: number;
  afterMs?: number;
  instance: number;
}
/** Cancels the deletion of a key, or deletes due keys, `offsetMs` after the time limit of a key pending deletion. */
export interface DeadlineCommand {
  deadline: 'cancel-key-deletion' | 'delete-due-keys';
  which: number;
  offsetMs: number;
  instance: number;
}
export type Command = SendCommand | ResendCommand | DeadlineCommand;

const { record, oneof, constantFrom, constant, nat, subarray } = fc;
export const weighted = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
/** Generates a value in one of `times` cases and undefined in the others. */
export const presentOneIn = <T>(times: number, arbitrary: fc.Arbitrary<T>) =>
  oneof(weighted(times - 1, constant(undefined)), weighted(1, arbitrary));

const unknownId = (kind: 'key' | 'grant') => constantFrom(...values.UNKNOWN_IDS[kind].map(([name]) => name));
const key = oneof(weighted(8, constant(0)), weighted(8, nat({ max: 5 })), weighted(1, unknownId('key')));
const grant = oneof(weighted(20, nat({ max: 9 })), weighted(1, unknownId('grant')));
const offsetMs = constantFrom(0, -1, 1);
const instance = nat({ max: 1 });
export const limit = constantFrom(...values.LIMITS);
export const pageAfter = (ref: fc.Arbitrary<Ref>): fc.Arbitrary<PageTemplate> =>
  oneof(
    weighted(2, record({ limit })),
    weighted(1, record({ limit, after: ref })),
    weighted(1, record({ limit, offset: constantFrom(...values.OFFSETS) })),
  );

export const callTemplate = <const Action extends string>(
  action: Action,
  fields: Record<string, fc.Arbitrary<unknown>> = {},
) => record({ action: constant(action), ...fields }).map(withoutUndefined) as fc.Arbitrary<CallTemplate>;

export const grantTerms = {
  key,
  grantee: constantFrom(...values.PRINCIPALS),
  granteeType: constantFrom('user', 'domain'),
  operations: subarray(values.OPERATIONS, { minLength: 1 }),
  name: presentOneIn(2, constantFrom(...values.NAMES)),
  retiringPrincipal: presentOneIn(2, constantFrom(...values.PRINCIPALS)),
};
export const keyTerms = {
  alias: constantFrom(...values.ALIASES),
  description: constantFrom(...values.DESCRIPTIONS),
  keySpec: constantFrom(...values.SPECS),
  keyUsage: constant('ENCRYPT_DECRYPT'),
};
const mostlyOwnKey = oneof(weighted(8, constant('own')), weighted(1, key));

export const changes = [
  weighted(18, callTemplate('create-grant', grantTerms)),
  weighted(6, callTemplate('revoke-grant', { grant, key: mostlyOwnKey })),
  weighted(5, callTemplate('retire-grant', { grant, key: mostlyOwnKey })),
  weighted(2, callTemplate('create-key', keyTerms)),
  weighted(1, callTemplate('disable-key', { key })),
  weighted(2, callTemplate('enable-key', { key })),
  weighted(1, callTemplate('schedule-key-deletion', { key, pendingDays: constantFrom(...values.PENDING_DAYS) })),
  weighted(1, callTemplate('cancel-key-deletion', { key })),
];
export const lists = [
  weighted(4, callTemplate('list-grants', { key, page: pageAfter(grant) })),
  weighted(
    3,
    callTemplate('list-grants', { key, page: pageAfter(grant), grantee: constantFrom(...values.PRINCIPALS) }),
  ),
  weighted(5, callTemplate('list-retirable-grants', { page: pageAfter(grant) })),
  weighted(
    2,
    callTemplate('list-keys', {
      page: pageAfter(key),
      state: presentOneIn(2, constantFrom(...values.STATES)),
      keySpec: presentOneIn(2, constantFrom(...values.SPECS)),
    }),
  ),
  weighted(1, callTemplate('describe-key', { key })),
];
const events = callTemplate('list-events', { key: presentOneIn(2, key), grant: presentOneIn(2, grant), limit });

const anyUser: fc.Arbitrary<SendCommand['sender']> = nat({ max: values.USERS.length - 1 });
const mostlyCreator = oneof(weighted(2, anyUser), weighted(3, constant('creator' as const)));
export const sendCommand = (
  templates: fc.WeightedArbitrary<CallTemplate>[],
  sender = mostlyCreator,
): fc.Arbitrary<SendCommand> =>
  record({
    template: oneof(...templates),
    sender,
    isWrongProject: presentOneIn(20, constant(true)),
    sequence: presentOneIn(4, constantFrom(...values.SEQUENCES)),
    signature: presentOneIn(4, constantFrom(...values.SIGNATURES)),
    padding: fc.constantFrom(...values.PADDINGS),
    instance,
  }).map(withoutUndefined);

const resend: fc.Arbitrary<ResendCommand> = record({ resend: nat({ max: 12 }), instance });
/** Around 2 s, when a repeated signature is no longer a separate request, and 1 h, when records expire. */
const afterMs = constantFrom(1_999, 2_000, 2_001, 3_599_999, 3_600_000, 3_600_001);
const resendLater: fc.Arbitrary<ResendCommand> = record({ resend: nat({ max: 12 }), afterMs, instance });
const atDeadline: fc.Arbitrary<DeadlineCommand> = record({
  deadline: constantFrom('cancel-key-deletion', 'delete-due-keys'),
  which: nat({ max: 3 }),
  offsetMs,
  instance,
});

/** A command of a single client. */
export const command: fc.Arbitrary<Command> = oneof(
  weighted(60, sendCommand([...changes, ...lists, weighted(1, events)])),
  weighted(6, resend),
  weighted(4, resendLater),
  weighted(2, atDeadline),
);

function withoutUndefined<T extends object>(value: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return JSON.parse(JSON.stringify(value));
}
