/** Under constant change, a list is answered as last seen after this time. */
const TRYING_MS = 2_000;

/**
 * Reads something of many items as it stood at one moment: whatever changes it also changes its version, so when the
 * version is the same before and after, nothing came between. (While a transaction is being applied, and not yet
 * answered, its items may show one after the other; see "Isolation levels" in the DynamoDB Developer Guide.)
 * @param before the version as just read
 * @param read reads, given the version that it should be of
 */
export async function readConsistently<V, T>(
  before: V,
  version: () => Promise<V>,
  isSame: (one: V, other: V) => boolean,
  read: (version: V) => Promise<T>,
): Promise<T> {
  const startedAtMs = performance.now();
  let known = before;
  for (;;) {
    const value = await read(known);
    const now = await version();
    if (isSame(known, now) || performance.now() - startedAtMs > TRYING_MS) return value;
    known = now;
  }
}
