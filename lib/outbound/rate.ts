import { KmsError } from '../errors.ts';

/** A little more than a second: clocks here and there do not agree to the millisecond. */
const PLACE_BACK_MS = 1_010;

interface Waiter {
  begin: (leave: () => void) => void;
  isBulk: boolean;
}

/**
 * Keeps calls under a rate: a bucket of as many places as calls are allowed a second, and a place comes back a second
 * after its call has ended. A call arrives at some time between its begin and its end, so no window of a second at the
 * other side ever sees more, however long the way there takes.
 */
export function rateLimit(perSecond: number) {
  let free = perSecond;
  const waiting: Waiter[] = [];

  function next(): Waiter | undefined {
    const asked = waiting.findIndex(({ isBulk }) => !isBulk);
    return waiting.splice(Math.max(asked, 0), 1)[0];
  }

  function leave(): void {
    setTimeout(() => {
      free += 1;
      const waiter = next();
      if (waiter) begin(waiter);
    }, PLACE_BACK_MS).unref();
  }

  function begin(waiter: Waiter): void {
    free -= 1;
    let hasLeft = false;
    waiter.begin(() => {
      if (!hasLeft) leave();
      hasLeft = true;
    });
  }

  /** How many go before. */
  const ahead = (isBulk: boolean) => (isBulk ? waiting.length : waiting.filter((one) => !one.isBulk).length);

  return {
    /**
     * Waits for a place.
     * @param longestMs how long it may wait
     * @param isBulk whether nobody waits for this call: all others go first
     * @returns what is to be called when the call has ended
     * @throws KmsError APIGW.0308 when no place comes in time; at once when that can be told
     */
    enter(longestMs: number, isBulk = false): Promise<() => void> {
      return new Promise((resolve, reject) => {
        const refuse = () => reject(new KmsError('APIGW.0308', { detail: WAITED, retryAfterSeconds: 1 }));
        if (free > 0) return begin({ begin: resolve, isBulk });
        if ((ahead(isBulk) / perSecond - 1) * 1000 > longestMs) return refuse();
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(waiter), 1);
          refuse();
        }, longestMs);
        const waiter: Waiter = {
          isBulk,
          begin(leaving) {
            clearTimeout(timer);
            resolve(leaving);
          },
        };
        waiting.push(waiter);
      });
    },
  };
}

export type RateLimit = ReturnType<typeof rateLimit>;

const WAITED = 'This service keeps under the rate of the KMS behind it; nothing was sent. Try again later.';
