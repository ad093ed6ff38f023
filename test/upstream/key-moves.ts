/**
 * Changes the state of a key through the backend, and compares the answer with the state at the upstream before and
 * after.
 */
import type { Random } from '../signing/random.ts';
import type { UpstreamFixture } from './fixture.ts';
import { describe, isUncertain, lastCall, type Operation } from './history.ts';
import type { OperationInput } from './random-operations.ts';
import { keyStateAtUpstream } from './upstream-state.ts';

/**
 * Source: KMS API reference, "Key States": 2 enabled, 3 disabled, 4 pending deletion; and each API's error codes.
 */
const CHANGES = {
  'enable-key': { from: ['3'], to: '2', refusal: 'KMS.1201' },
  'disable-key': { from: ['2'], to: '3', refusal: 'KMS.1301' },
  'schedule-key-deletion': { from: ['2', '3'], to: '4', refusal: 'KMS.1402' },
  'cancel-key-deletion': { from: ['4'], to: '3', refusal: 'KMS.1501' },
} as const;
const ACTIONS = Object.keys(CHANGES) as (keyof typeof CHANGES)[];

/**
 * Makes one random change of the key's state, which may be impossible.
 * @param send runs an operation until its result is certain
 * @returns one sentence for each violation
 */
export async function changeKeyState(
  fixture: UpstreamFixture,
  keyId: string,
  random: Random,
  send: (input: OperationInput) => Promise<Operation>,
): Promise<string[]> {
  const action = random.oneOf(ACTIONS);
  const { from, to, refusal } = CHANGES[action];
  const before = await keyStateAtUpstream(fixture, keyId);
  const body = { key_id: keyId, ...(action === 'schedule-key-deletion' && { pending_days: '7' }) };
  const operation = await send({ user: fixture.creator, action, keyId, body });
  const after = await keyStateAtUpstream(fixture, keyId);
  const last = lastCall(operation);
  const { status, body: reply } = last.answer;
  const violation = (what: string) => [`${describe(last)}: ${what}, from ${before} to ${after}`];

  if (isUncertain(last.answer)) return [];
  if (status === 200) return after === to ? [] : violation('answered 200, but not applied');
  // An earlier, uncertain call may have applied the change.
  if (operation.calls.length > 1) return [];
  if (after !== before) return violation('refused, but applied');
  const isPossible = (from as readonly string[]).includes(before);
  return reply.error_code === refusal && isPossible ? violation('refused as impossible, but it was possible') : [];
}
