import { RateLimitedError } from '../errors.ts';
import { FairQueue } from './fair-queue.ts';

/** A little more than a second, because the server's clock may run differently. */
const SLOT_RENEWAL_MS = 1_010;

const RATE_LIMITED = 'This service limits its calls to the upstream KMS; nothing was sent. Try again later.';

/** Ends a call that has acquired a slot. Further calls have no effect. */
type Release = () => void;

type Waiter = (release: Release) => void;

/**
 * Limits the rate of calls. There is one slot for each call allowed per second, and a slot becomes free a second after
 * its call has ended. The server receives a call at some time between start and end, so it never receives more calls
 * within a second, however long the network takes.
 */
export function rateLimit(perSecond: number) {
  let freeSlots = perSecond;
  const interactive = new FairQueue<Waiter>();
  const background = new FairQueue<Waiter>();
  let isBackgroundFirst = false;

  /** Alternates between the queues, so that interactive calls do not starve background work. */
  function nextWaiter(): Waiter | undefined {
    const [first, second] = isBackgroundFirst ? [background, interactive] : [interactive, background];
    isBackgroundFirst = !isBackgroundFirst;
    return first.shift() ?? second.shift();
  }

  function start(waiter: Waiter): void {
    freeSlots -= 1;
    let isReleased = false;
    waiter(() => {
      if (isReleased) return;
      isReleased = true;
      setTimeout(() => {
        freeSlots += 1;
        const next = nextWaiter();
        if (next) start(next);
      }, SLOT_RENEWAL_MS).unref();
    });
  }

  function expectedWaitMs(caller: string, isBackground: boolean): number {
    const [own, other] = isBackground ? [background, interactive] : [interactive, background];
    const aheadInOwn = own.countAhead(caller);
    const ahead = aheadInOwn + Math.min(other.length, aheadInOwn + Number(isBackground));
    return (ahead / perSecond - 1) * 1000;
  }

  return {
    /**
     * Waits for a slot.
     * @param waitMsMax how long it may wait
     * @param isBackground interactive calls go first; background work gets every second slot
     * @returns the function to call when the call has ended
     * @throws RateLimitedError when no slot becomes free in time; immediately if the queue is already too long
     */
    acquire(
      waitMsMax: number,
      { caller, isBackground = false }: { caller: string; isBackground?: boolean | undefined },
    ): Promise<Release> {
      return new Promise((resolve, reject) => {
        const refuse = () => reject(new RateLimitedError(RATE_LIMITED));
        if (freeSlots > 0) return start(resolve);
        if (expectedWaitMs(caller, isBackground) > waitMsMax) return refuse();
        const queue = isBackground ? background : interactive;
        const waiter: Waiter = (release) => {
          clearTimeout(timer);
          resolve(release);
        };
        const timer = setTimeout(() => {
          queue.remove(caller, waiter);
          refuse();
        }, waitMsMax);
        queue.push(caller, waiter);
      });
    },
  };
}
