import { UnsentError } from '../errors.ts';

/** A little more than a second: clocks here and there do not agree to the millisecond. */
const PLACE_BACK_MS = 1_010;

/** Gives the place back. */
type Leave = () => void;

interface Waiter {
  begin: (leave: Leave) => void;
}

/** Those who wait, one caller after the other in turn, so that one who asks for much keeps none from asking. */
class Line {
  readonly #byCaller = new Map<string, Waiter[]>();

  add(caller: string, waiter: Waiter): void {
    const own = this.#byCaller.get(caller);
    if (own) own.push(waiter);
    else this.#byCaller.set(caller, [waiter]);
  }

  remove(caller: string, waiter: Waiter): void {
    const left = (this.#byCaller.get(caller) ?? []).filter((one) => one !== waiter);
    if (left.length > 0) this.#byCaller.set(caller, left);
    else this.#byCaller.delete(caller);
  }

  next(): Waiter | undefined {
    const [turn] = this.#byCaller;
    const [caller, [waiter, ...left]] = turn ?? ['', []];
    this.#byCaller.delete(caller);
    if (left.length > 0) this.#byCaller.set(caller, left);
    return waiter;
  }

  /** How many go before a newcomer of the caller. */
  ahead(caller: string): number {
    const own = this.#byCaller.get(caller)?.length ?? 0;
    let ahead = own;
    for (const [other, waiting] of this.#byCaller) if (other !== caller) ahead += Math.min(waiting.length, own + 1);
    return ahead;
  }

  /** All who wait. */
  get length(): number {
    return [...this.#byCaller.values()].reduce((sum, waiting) => sum + waiting.length, 0);
  }
}

/**
 * Keeps calls under a rate: a bucket of as many places as calls are allowed a second, and a place comes back a second
 * after its call has ended. A call arrives at some time between its begin and its end, so no window of a second at the
 * other side ever sees more, however long the way there takes.
 */
export function rateLimit(perSecond: number) {
  let free = perSecond;
  const asked = new Line();
  const bulk = new Line();
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
        const refuse = () => reject(new UnsentError(WAITED));
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
