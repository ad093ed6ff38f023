import { type ErrorCode, KmsError } from '../errors.ts';

/**
 * Places for work that anyone can cause: a flood of guesses takes neither the machine nor everybody's place.
 * @param max at once, in all
 * @param perSourceMax at once, from one address
 * @param code what one too many is refused with
 */
export function concurrencyLimit(max: number, perSourceMax: number, code: ErrorCode) {
  const bySource = new Map<string, number>();
  let all = 0;
  return {
    /** Takes a place, and answers how to leave it. @throws KmsError */
    enter(source: string): () => void {
      const mine = bySource.get(source) ?? 0;
      if (all >= max || mine >= perSourceMax) throw new KmsError(code, { retryAfterSeconds: 1 });
      bySource.set(source, mine + 1);
      all += 1;
      return () => {
        all -= 1;
        const left = (bySource.get(source) ?? 0) - 1;
        if (left > 0) bySource.set(source, left);
        else bySource.delete(source);
      };
    },
  };
}
