/** Encryption of the secret keys in the directory. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts a secret with AES-256-GCM. Returns initialization vector, tag and ciphertext.
 * @param rootKey 32 bytes
 * @param owner bound to the ciphertext: a sealed secret that is copied to another row cannot be decrypted
 */
export function seal(rootKey: Uint8Array, secret: string, owner: string): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', rootKey, iv).setAAD(Buffer.from(owner));
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
}

/**
 * Decrypts a sealed secret with the root key that fits.
 * @throws when no root key fits, the owner is another one, or the bytes were changed
 */
export function unseal(rootKeys: readonly Uint8Array[], sealed: Uint8Array, owner: string): string {
  for (const rootKey of rootKeys) {
    try {
      return decrypt(rootKey, sealed, owner);
    } catch {
      // Try the next root key.
    }
  }
  throw new Error('no root key decrypts this secret key: put the previous root key back');
}

function decrypt(rootKey: Uint8Array, sealed: Uint8Array, owner: string): string {
  const decipher = createDecipheriv('aes-256-gcm', rootKey, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(owner))
    .setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}
