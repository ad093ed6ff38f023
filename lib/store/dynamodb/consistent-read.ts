/** After this time, a list that keeps changing is returned as last read. */
const RETRY_MS_MAX = 2_000;

/**
 * Reads a value of many items as it was at one moment. Each change of the items also changes their version, so an equal
 * version before and after the read proves that nothing changed in between. (Reads during a transaction may see some of
 * its items changed and others not. Source: DynamoDB Developer Guide, "Isolation levels".)
 * @param initial the version as just read
 * @param read reads the value, given the version that it should have
 */
export async function readConsistently<V, T>(
  initial: V,
  readVersion: () => Promise<V>,
  isSame: (a: V, b: V) => boolean,
  read: (version: V) => Promise<T>,
): Promise<T> {
  const startedAtMs = performance.now();
  let version = initial;
  for (;;) {
    const value = await read(version);
    const current = await readVersion();
    if (isSame(version, current) || performance.now() - startedAtMs > RETRY_MS_MAX) return value;
    version = current;
  }
}
