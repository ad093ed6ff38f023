/** Reads beyond which a list under constant change is answered as last seen. */
const TRIES = 5;

/**
 * Reads something of many items as it stood at one moment: whatever changes it also changes its version, so when the
 * version is the same before and after, nothing came between.
 * @param before the version as just read
 * @param read reads, given the version that it should be of
 */
export async function steady<V, T>(
  before: V,
  version: () => Promise<V>,
  isSame: (one: V, other: V) => boolean,
  read: (version: V) => Promise<T>,
): Promise<T> {
  let known = before;
  for (let attempt = 1; ; attempt += 1) {
    const value = await read(known);
    const now = await version();
    if (isSame(known, now) || attempt === TRIES) return value;
    known = now;
  }
}
