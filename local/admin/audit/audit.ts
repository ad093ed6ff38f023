/**
 * What the audits of both stores share. An audit assumes that keys and grants are correct, and reports every counter,
 * index row and event that disagrees with them. Only the admin command imports this folder; no deployed function does.
 */
import type { Grant } from '../../../lib/domain/model.ts';

export interface Audit {
  projects: number;
  keys: number;
  grants: number;
  events: number;
  /** One sentence for each fault: the item's name, its value, and the expected value. */
  faults: string[];
  /** Number of counters that changed during every attempt to compare them, so that their state is unknown. */
  unsettled: number;
}

/** The actions that create keys and grants and delete keys. Any other action on a grant removes it. */
export const ACTION = { createGrant: 'create-grant', createKey: 'create-key', deleteKey: 'delete-key' } as const;

/** The fault of an item whose value is not the expected one; undefined means that the item does not exist. */
export function difference(item: string, actual: unknown, expected: unknown): string[] {
  if (actual === expected) return [];
  if (actual === undefined) return [`${item} is missing, should be ${expected}`];
  if (expected === undefined) return [`${item} should not exist`];
  return [`${item} is ${actual}, should be ${expected}`];
}

/** The faults of counters; a missing counter counts as 0. */
export function counterFaults(actual: ReadonlyMap<string, unknown>, expected: ReadonlyMap<string, number>): string[] {
  const names = new Set([...expected.keys(), ...actual.keys()]);
  return [...names].flatMap((name) => difference(name, actual.get(name) ?? 0, expected.get(name) ?? 0));
}

/** The fault of an item that does not have exactly one creation event, and one removal event if it no longer exists. */
export function lifecycleFaults(item: string, exists: boolean, created: number, removed: number): string[] {
  const [actual, expected] = [`created ${created}, removed ${removed}`, `created 1, removed ${exists ? 0 : 1}`];
  if (actual === expected) return [];
  return [`${item} ${exists ? 'exists' : 'does not exist'}, but its events say: ${actual}; should be: ${expected}`];
}

/** Returns the grant that a stored text holds, or undefined if the text is not a grant. */
export function parseStoredGrant(text: unknown): Grant | undefined {
  try {
    const grant = JSON.parse(String(text)) as Partial<Record<keyof Grant, unknown>> | null;
    return isGrant(grant) ? grant : undefined;
  } catch {
    return undefined;
  }
}

function isGrant(grant: Partial<Record<keyof Grant, unknown>> | null): grant is Grant {
  const texts = [grant?.key_id, grant?.grant_id, grant?.grantee_principal, grant?.issuing_principal];
  return (
    [...texts, grant?.grantee_principal_type].every((text) => typeof text === 'string') &&
    ['string', 'undefined'].includes(typeof grant?.retiring_principal) &&
    Array.isArray(grant?.operations) &&
    grant.operations.every((operation) => typeof operation === 'string')
  );
}
