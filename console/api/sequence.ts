/**
 * Returns a new `sequence`, 36 characters. With it, a request that is sent again because its answer was lost gets the
 * first answer. `crypto.randomUUID` would need HTTPS.
 */
export function newSequence(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
