/** A key moved from state to state through the backend, with what is so at the upstream asked before and after. */
import type { Random } from '../signing/random.ts';
import type { UpstreamFixture } from './fixture.ts';
import { describe, isOpen, lastCall, type Operation } from './history.ts';
import type { OperationInput } from './random-operations.ts';
import { keyStateAtUpstream } from './upstream-state.ts';

/**
 * Source: KMS API reference, "Key States": 2 enabled, 3 disabled, 4 waiting for deletion; and each API's error codes.
 */
const MOVES = {
  'enable-key': { from: ['3'], to: '2', refusal: 'KMS.1201' },
  'disable-key': { from: ['2'], to: '3', refusal: 'KMS.1301' },
  'schedule-key-deletion': { from: ['2', '3'], to: '4', refusal: 'KMS.1402' },
  'cancel-key-deletion': { from: ['4'], to: '3', refusal: 'KMS.1501' },
} as const;
const ACTIONS = Object.keys(MOVES) as (keyof typeof MOVES)[];

/**
 * Makes one move, possible or not.
 * @param ask until it is known what came of it
 * @returns what was answered and is not true, in words
 */
export async function moveKey(
  fixture: UpstreamFixture,
  keyId: string,
  random: Random,
  ask: (input: OperationInput) => Promise<Operation>,
): Promise<string[]> {
  const action = random.oneOf(ACTIONS);
  const { from, to, refusal } = MOVES[action];
  const before = await keyStateAtUpstream(fixture, keyId);
  const body = { key_id: keyId, ...(action === 'schedule-key-deletion' && { pending_days: '7' }) };
  const operation = await ask({ user: fixture.creator, action, keyId, body });
  const after = await keyStateAtUpstream(fixture, keyId);
  const last = lastCall(operation);
  const { status, body: result } = last.answer;
  const untrue = (what: string) => [`${describe(last)}: ${what}, from ${before} to ${after}`];

  if (isOpen(last.answer)) return [];
  if (status === 200) return after === to ? [] : untrue('done, yet not so');
  // An open answer before may have been the one that did it.
  if (operation.calls.length > 1) return [];
  if (after !== before) return untrue('refused, yet done');
  const couldBe = (from as readonly string[]).includes(before);
  return result.error_code === refusal && couldBe ? untrue('refused as not possible, yet it was') : [];
}
