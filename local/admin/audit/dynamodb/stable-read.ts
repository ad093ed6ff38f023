/** Comparing what a running service may be changing: again, until it stood still meanwhile, but not for ever. */
import { difference } from '../audit.ts';

const LOOKS = 10;

/**
 * What `look` finds wrong, once nothing has changed while it looked, or after some tries; when nothing is, at once.
 * @param version of what it looks at: another after each change
 */
export async function readWhenStable<T extends { faults: string[] }>(
  version: () => Promise<string>,
  look: () => Promise<T>,
): Promise<T> {
  for (let looks = 1; ; looks += 1) {
    const before = await version();
    const seen = await look();
    if (seen.faults.length === 0 || looks === LOOKS || before === (await version())) return seen;
  }
}

/** Counters as they are and as they should be, by their names; one that is not there is as one of 0. */
export interface Counted {
  found: ReadonlyMap<string, unknown>;
  expected: ReadonlyMap<string, number>;
  /** Whether a counter may have changed between the two. */
  hasChanged(name: string): boolean;
}

export interface Compared {
  faults: string[];
  /** How many counters differed each time, and changed each time: nothing is known of them. */
  unsettled: number;
}

/** Tells a counter that differs when it has not changed while what it counts was counted. */
export async function compareCounters(look: () => Promise<Counted>): Promise<Compared> {
  const told = new Map<string, string[]>();
  for (let looks = 1; ; looks += 1) {
    const { found, expected, hasChanged } = await look();
    let unsettled = 0;
    for (const name of new Set([...expected.keys(), ...found.keys()])) {
      const fault = difference(name, found.get(name) ?? 0, expected.get(name) ?? 0);
      if (fault.length > 0 && hasChanged(name) && !told.has(name)) unsettled += 1;
      else if (fault.length > 0 && !hasChanged(name)) told.set(name, fault);
    }
    if (unsettled === 0 || looks === LOOKS) return { faults: [...told.values()].flat(), unsettled };
  }
}
