/** The secrets of a source that are no public keys: what the transmitter sends in the header Authorization. */

const MARK = /^authorization: */i;

/** Returns the value of the header; undefined for a secret that is a public key. */
export const authorizationIn = (secret: string): string | undefined =>
  MARK.test(secret) ? secret.replace(MARK, '') : undefined;
