/**
 * Root keys, 32 bytes each, that encrypt the secret keys of users. The first one, the newest, encrypts; each of them
 * decrypts. There is more than one while the root key is being rotated; see docs/operations.md.
 */
export type RootKeys = () => Promise<readonly Uint8Array[]>;

const KEY_BYTES = 32;
/** Base64 or base64url, as different tools print it. */
const KEY_TEXT = /^[\w+/-]{43,}={0,2}$/;

/**
 * Reads the root keys on first use and caches them. A failed read is not cached.
 * @param readText returns base64url of each key, separated by white space
 */
export function cachedRootKeys(readText: () => Promise<string>): RootKeys {
  let cached: Promise<readonly Uint8Array[]> | undefined;
  return () => {
    cached ??= readText()
      .then(parseRootKeys)
      .catch((error: unknown) => {
        cached = undefined;
        throw error;
      });
    return cached;
  };
}

/** @throws when there is no key, or one is shorter than 32 bytes */
function parseRootKeys(text: string): readonly Uint8Array[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0 || !words.every((word) => KEY_TEXT.test(word))) {
    throw new Error('the root key secret must hold 43 or more base64url characters for each key, and nothing else');
  }
  return words.map((word) => Buffer.from(word, 'base64url').subarray(0, KEY_BYTES));
}
