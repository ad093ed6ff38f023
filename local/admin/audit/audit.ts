/**
 * What the audits of both engines share. An audit takes the keys and grants as they are and tells what does not agree
 * with them: counters, index rows, events. Only the admin command runs one; no function carries it.
 */
import type { Grant } from '../../../lib/domain/model.ts';

export interface Audit {
  projects: number;
  keys: number;
  grants: number;
  events: number;
  /** What is wrong: each names an item and tells what it should be. Empty when all is well. */
  faults: string[];
  /** Counters that changed all the while, so that they could not be compared. */
  unsettled: number;
}

/** The actions by which keys and grants come and go. A grant goes by any other action than its first. */
export const ACTION = { createGrant: 'create-grant', createKey: 'create-key', deleteKey: 'delete-key' } as const;

/** Where one item is not what it should be; undefined stands for nothing there. */
export function difference(item: string, found: unknown, expected: unknown): string[] {
  if (found === expected) return [];
  if (found === undefined) return [`${item} is missing, should be ${expected}`];
  if (expected === undefined) return [`${item} should not be there`];
  return [`${item} is ${found}, should be ${expected}`];
}

/** The differences between counters and what they should be; one that is not there is as one of 0. */
export function counterFaults(found: ReadonlyMap<string, unknown>, expected: ReadonlyMap<string, number>): string[] {
  const names = new Set([...expected.keys(), ...found.keys()]);
  return [...names].flatMap((name) => difference(name, found.get(name) ?? 0, expected.get(name) ?? 0));
}

/** What is there was made once and never taken away; what is gone was made once and taken away once. */
export function lifecycleFaults(item: string, isThere: boolean, made: number, gone: number): string[] {
  const [told, expected] = [`made ${made}, gone ${gone}`, `made 1, gone ${isThere ? 0 : 1}`];
  if (told === expected) return [];
  return [`${item} is ${isThere ? 'there' : 'gone'}, its events tell: ${told}, should tell: ${expected}`];
}

/** The grant in its stored form; undefined when the text is no grant. */
export function grantIn(wire: unknown): Grant | undefined {
  try {
    const grant = JSON.parse(String(wire)) as Partial<Record<keyof Grant, unknown>> | null;
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
