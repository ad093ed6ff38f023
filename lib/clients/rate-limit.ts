import { RateLimitedError } from '../errors.ts';
import { FairQueue, type Waiter } from './fair-queue.ts';

/** A little more than a second: clocks here and there do not agree to the millisecond. */
const PLACE_BACK_MS = 1_010;

/** Gives the place back. */
export type Leave = () => void;

/**
 * Keeps calls under a rate: a bucket of as many places as calls are allowed a second, and a place comes back a second
 * after its call has ended. A call arrives at some time between its begin and its end, so no window of a second at the
 * other side ever sees more, however long the way there takes.
 */
export function rateLimit(perSecond: number) {
  let free = perSecond;
  const asked = new FairQueue();
  const bulk = new FairQueue();
  let isBulksTurn = false;

  /** Those who are waited for go first; but every second place is bulk's, or who asks without end would keep it out. */
  function next(): Waiter | undefined {
    const [first, second] = isBulksTurn ? [bulk, asked] : [asked, bulk];
    isBulksTurn = !isBulksTurn;
    return first.next() ?? second.next();
  }

  function begin(waiter: Waiter): void {
    free -= 1;
    let hasLeft = false;
    waiter.begin(() => {
      if (hasLeft) return;
      hasLeft = true;
      setTimeout(() => {
        free += 1;
        const waiter = next();
        if (waiter) begin(waiter);
      }, PLACE_BACK_MS).unref();
    });
  }

  return {
    /**
     * Waits for a place.
     * @param longestMs how long it may wait
     * @param who with `isBulk`, what is not goes first, for there somebody waits for the answer; bulk has every second place
     * @returns what is to be called when the call has ended
     * @throws KmsError APIGW.0308 when no place comes in time; at once when that can be told
     */
    enter(longestMs: number, who: { caller: string; isBulk?: boolean | undefined }): Promise<Leave> {
      return new Promise((resolve, reject) => {
        const refuse = () => reject(new RateLimitedError(WAITED));
        if (free > 0) return begin({ begin: resolve });
        const [line, other] = who.isBulk ? [bulk, asked] : [asked, bulk];
        const own = line.ahead(who.caller);
        const ahead = own + Math.min(other.length, own + Number(who.isBulk ?? false));
        if ((ahead / perSecond - 1) * 1000 > longestMs) return refuse();
        const timer = setTimeout(() => {
          line.remove(who.caller, waiter);
          refuse();
        }, longestMs);
        const waiter: Waiter = {
          begin(leave) {
            clearTimeout(timer);
            resolve(leave);
          },
        };
        line.add(who.caller, waiter);
      });
    },
  };
}

const WAITED = 'This service keeps under the rate of the KMS behind it; nothing was sent. Try again later.';
