import { type ErrorCode, KmsError } from '../errors.ts';

/**
 * Limits work that unauthenticated callers cause, in total and per address, so that one address cannot use the whole
 * limit.
 * @param max concurrent work in total
 * @param perSourceMax concurrent work of one address
 * @param code of the error beyond a limit
 */
export function concurrencyLimit(max: number, perSourceMax: number, code: ErrorCode) {
  const bySource = new Map<string, number>();
  let total = 0;
  return {
    /**
     * Starts work. @returns the function to call when the work has ended
     * @throws KmsError with `code`
     */
    acquire(source: string): () => void {
      const ofSource = bySource.get(source) ?? 0;
      if (total >= max || ofSource >= perSourceMax) throw new KmsError(code, { retryAfterSeconds: 1 });
      bySource.set(source, ofSource + 1);
      total += 1;
      return () => {
        total -= 1;
        const left = (bySource.get(source) ?? 0) - 1;
        if (left > 0) bySource.set(source, left);
        else bySource.delete(source);
      };
    },
  };
}
