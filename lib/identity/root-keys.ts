import type { AwsCall } from '../clients/aws.ts';
import { retryWithBackoff } from '../clients/aws-retry.ts';

/**
 * The keys that secret keys are sealed under, 32 bytes each, the newest first: that one seals, each of them opens.
 * There is more than one while the root key is being rotated; see docs/operations.md.
 */
export type RootKeys = () => Promise<readonly Uint8Array[]>;

const KEY_BYTES = 32;
/** Either alphabet of base64, as tools print it. */
const KEY_TEXT = /^[\w+/-]{43,}={0,2}$/;
/** All tries together. */
const READ_MS = 2_000;

/**
 * Root keys from Secrets Manager, asked for on first use and then kept.
 * @param secretId name or ARN; its text is base64url of each key, apart by white space
 */
export function secretRootKeys(call: AwsCall, secretId: string): RootKeys {
  let kept: Promise<readonly Uint8Array[]> | undefined;
  return () => {
    kept ??= retryWithBackoff(READ_MS, (timeoutMs) => call('GetSecretValue', { SecretId: secretId }, timeoutMs))
      .then(({ SecretString: text }) => parseKeys(String(text ?? '')))
      .catch((error: unknown) => {
        kept = undefined;
        throw error;
      });
    return kept;
  };
}

/** @throws when there is none, or one is shorter */
function parseKeys(text: string): readonly Uint8Array[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0 || !words.every((word) => KEY_TEXT.test(word))) {
    throw new Error(
      'the secret of the root key must hold 43 or more base64url characters for each key, and nothing else',
    );
  }
  return words.map((word) => Buffer.from(word, 'base64url').subarray(0, KEY_BYTES));
}
