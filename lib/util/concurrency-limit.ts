import { type ErrorCode, KmsError } from '../errors.ts';

/**
 * Limits work that unauthenticated callers cause, in total and per address, so that one address cannot use the whole
 * limit.
 * @param max concurrent work in total
 * @param perAddressMax concurrent work of one address
 * @param code of the error beyond a limit
 */
export function concurrencyLimit(max: number, perAddressMax: number, code: ErrorCode) {
  const byAddress = new Map<string, number>();
  let total = 0;
  return {
    /**
     * Starts work. @returns the function to call when the work has ended
     * @throws KmsError with `code`
     */
    acquire(address: string): () => void {
      const ofAddress = byAddress.get(address) ?? 0;
      if (total >= max || ofAddress >= perAddressMax) throw new KmsError(code, { retryAfterSeconds: 1 });
      byAddress.set(address, ofAddress + 1);
      total += 1;
      return () => {
        total -= 1;
        const left = (byAddress.get(address) ?? 0) - 1;
        if (left > 0) byAddress.set(address, left);
        else byAddress.delete(address);
      };
    },
  };
}
