import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { KmsError } from '../errors.ts';
import type { IdempotencyRecord, IdempotencyStore } from '../store/store.ts';
import { IDEMPOTENCY_WINDOW_MS } from './key.ts';

/** What is remembered of a change that was begun. */
interface LockRecord {
  /** By which request. */
  by: string;
  /** Whether it is not known to have ended. */
  isOpen: boolean;
  /** Until when its request may be at it; later, it has ended without an answer, or its process has died. */
  untilMs: number;
  /** Of the process, where the store is one machine's: whether it lives can be seen there. */
  process?: ProcessName | undefined;
}

interface ProcessName {
  host: string;
  pid: number;
  bornMs: number;
}

/** This process; that of a container started anew may have the same number. */
const SELF: ProcessName = { host: hostname(), pid: process.pid, bornMs: Math.round(performance.timeOrigin) };

export interface HeldLock {
  /** Whether an earlier request began it and never came to know how it ended. */
  isUncertain: boolean;
  /** What is to be remembered with the event when it has ended well. */
  ended: IdempotencyRecord;
  /** Gives the claim up; `isUncertain`: it may have been done without an answer. */
  release(isUncertain: boolean): Promise<void>;
}

const LOOK_AGAIN_MS = 100;
/** Beyond its time limit a request may still write how it ended; and clocks differ. */
const MARGIN_MS = 10_000;

/**
 * Prepares claims: of one change, one request is at it at a time, in whichever process. Whoever comes meanwhile waits.
 * @param now ms since 1970
 * @param isSingleHost whether all processes that share the store are on this machine
 */
export function idempotencyLock(
  seen: IdempotencyStore,
  { now, isSingleHost }: { now: () => number; isSingleHost: boolean },
) {
  /**
   * @param name equal for what is the same change
   * @param leftMs how long the request may go on
   * @throws KmsError APIGW.0201:504 when another is at it all that time
   */
  return async function claim(name: string, requestId: string, leftMs: number): Promise<HeldLock> {
    const remembered = (claim: LockRecord): IdempotencyRecord => ({
      idempotencyKey: name,
      answer: claim,
      expiresAtMs: now() + IDEMPOTENCY_WINDOW_MS,
    });
    const untilMs = now() + leftMs + MARGIN_MS;
    const mine = { by: requestId, isOpen: true, untilMs, process: isSingleHost ? SELF : undefined };
    const ended = { by: requestId, isOpen: false, untilMs: 0 };
    for (const endsAtMs = performance.now() + leftMs; performance.now() < endsAtMs; ) {
      const found = (await seen.find(name, now()))?.answer as LockRecord | undefined;
      const isAnothers = found?.isOpen && found.untilMs > now() && !hasDied(found.process);
      if (!isAnothers && (await seen.compareAndSwap(remembered(mine), found, now()))) {
        return {
          isUncertain: found?.isOpen ?? false,
          ended: remembered(ended),
          // Where another has taken it over meanwhile, it is that one's to end.
          release: async (isUncertain) => {
            await seen.compareAndSwap(remembered(isUncertain ? { ...mine, untilMs: 0 } : ended), mine, now());
          },
        };
      }
      await pause(Math.min(LOOK_AGAIN_MS, Math.max(0, endsAtMs - performance.now())));
    }
    throw new KmsError('APIGW.0201:504', { cause: new Error('no time was left to claim the change') });
  };
}

/** Whether it is certain that the process is no more. */
function hasDied(other: ProcessName | undefined): boolean {
  if (other?.host !== SELF.host) return false;
  if (other.pid === SELF.pid) return other.bornMs !== SELF.bornMs;
  try {
    process.kill(other.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
