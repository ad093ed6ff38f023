import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts a secret for storage: AES-256-GCM, as iv, tag, ciphertext.
 * @param rootKey 32 bytes
 * @param owner what the secret belongs to: a sealed secret moved to another row does not open
 */
export function seal(rootKey: Uint8Array, secret: string, owner: string): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', rootKey, iv).setAAD(Buffer.from(owner));
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
}

/**
 * @param rootKeys tried one after the other
 * @throws when it was sealed under none of them or for another owner, or the bytes were changed
 */
export function unseal(rootKeys: readonly Uint8Array[], sealed: Uint8Array, owner: string): string {
  for (const rootKey of rootKeys) {
    try {
      return open(rootKey, sealed, owner);
    } catch {
      // Perhaps the next.
    }
  }
  throw new Error('a sealed secret opens with none of the root keys');
}

function open(rootKey: Uint8Array, sealed: Uint8Array, owner: string): string {
  const decipher = createDecipheriv('aes-256-gcm', rootKey, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(owner))
    .setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}
