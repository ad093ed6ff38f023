/** Looks so often at most at what is being changed. */
const LOOKS = 10;

/**
 * What `look` finds wrong, once nothing has changed while it looked, or after some tries; when nothing is, at once.
 * @param version of what it looks at: another after each change
 */
export async function settled<T extends { faults: string[] }>(
  version: () => Promise<string>,
  look: () => Promise<T>,
): Promise<T> {
  for (let looks = 1; ; looks += 1) {
    const before = await version();
    const seen = await look();
    if (seen.faults.length === 0 || looks === LOOKS || before === (await version())) return seen;
  }
}
