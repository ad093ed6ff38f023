/** Compares data that a running service may be changing: repeats until nothing changed meanwhile, at most 10 times. */
import { difference } from '../audit.ts';

const ATTEMPTS_MAX = 10;

/**
 * Repeats `audit` while it reports faults and the data changed during it, at most ATTEMPTS_MAX times.
 * @param readRevision reads the revision of the audited data: a text that each change replaces
 * @returns the result of the last attempt
 */
export async function auditWhenStable<T extends { faults: string[] }>(
  readRevision: () => Promise<string>,
  audit: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await readRevision();
    const result = await audit();
    if (result.faults.length === 0 || attempt === ATTEMPTS_MAX || before === (await readRevision())) return result;
  }
}

/** Counters by name, as stored and as counted from the items; a missing counter counts as 0. */
export interface CounterValues {
  actual: ReadonlyMap<string, unknown>;
  expected: ReadonlyMap<string, number>;
  /** Whether a counter may have changed between the reads of both values. */
  hasChanged(name: string): boolean;
}

export interface CounterAudit {
  faults: string[];
  /** Number of counters that differed and changed in every attempt, so that their state is unknown. */
  unsettled: number;
}

/** Repeats `read` until each counter that differs was read at least once without a change meanwhile. */
export async function compareCounters(read: () => Promise<CounterValues>): Promise<CounterAudit> {
  const faults = new Map<string, string[]>();
  for (let attempt = 1; ; attempt += 1) {
    const { actual, expected, hasChanged } = await read();
    let unsettled = 0;
    for (const name of new Set([...expected.keys(), ...actual.keys()])) {
      const fault = difference(name, actual.get(name) ?? 0, expected.get(name) ?? 0);
      if (fault.length > 0 && hasChanged(name) && !faults.has(name)) unsettled += 1;
      else if (fault.length > 0 && !hasChanged(name)) faults.set(name, fault);
    }
    if (unsettled === 0 || attempt === ATTEMPTS_MAX) return { faults: [...faults.values()].flat(), unsettled };
  }
}
