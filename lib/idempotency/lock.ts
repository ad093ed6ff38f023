import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { KmsError } from '../errors.ts';
import type { ConditionalRecord, IdempotencyRecord, IdempotencyStore } from '../store/store.ts';
import { IDEMPOTENCY_WINDOW_MS } from './key.ts';

/** The stored form of a lock. */
interface LockRecord {
  /** The id of the request that took it. */
  by: string;
  /** True until the change of the request is known to have ended. */
  isOpen: boolean;
  /** ms since 1970 after which the holder can no longer be running. */
  untilMs: number;
  /** The holder's process, where all processes are on one host and can be looked up there. */
  process?: ProcessName | undefined;
}

interface ProcessName {
  host: string;
  pid: number;
  /** Distinguishes two processes that had the same number, as in a restarted container. */
  bornMs: number;
}

const SELF: ProcessName = { host: hostname(), pid: process.pid, bornMs: Math.round(performance.timeOrigin) };

export interface HeldLock {
  /** Whether an earlier request took this lock and never recorded how its change ended. */
  isUncertain: boolean;
  /** Ends the lock when it is stored together with the event of the change. */
  ended: ConditionalRecord;
  /** @param isUncertain whether the change may have been applied although no response said so */
  release(isUncertain: boolean): Promise<void>;
}

const POLL_MS = 100;
/** After its time limit a request may still record how it ended, and clocks differ. */
const MARGIN_MS = 10_000;

/**
 * Creates a lock over the idempotency store: of all processes, one request at a time works on a change.
 * @param now ms since 1970
 * @param isSingleHost whether all processes that share the store run on this host
 */
export function idempotencyLock(
  idempotency: IdempotencyStore,
  { now, isSingleHost }: { now: () => number; isSingleHost: boolean },
) {
  /**
   * Waits for the lock.
   * @param name equal for requests that ask for the same change
   * @param leftMs how long the request may take, waiting included
   * @throws KmsError APIGW.0201:504 when another request holds the lock all that time
   */
  return async function acquire(name: string, requestId: string, leftMs: number): Promise<HeldLock> {
    const record = (answer: LockRecord): IdempotencyRecord => ({
      idempotencyKey: name,
      answer,
      expiresAtMs: now() + IDEMPOTENCY_WINDOW_MS,
    });
    const untilMs = now() + leftMs + MARGIN_MS;
    const held = { by: requestId, isOpen: true, untilMs, process: isSingleHost ? SELF : undefined };
    const ended = { by: requestId, isOpen: false, untilMs: 0 };
    for (const deadlineMs = performance.now() + leftMs; performance.now() < deadlineMs; ) {
      const current = (await idempotency.find(name, now()))?.answer as LockRecord | undefined;
      const isTaken = current?.isOpen && current.untilMs > now() && !hasDied(current.process);
      if (!isTaken && (await idempotency.compareAndSwap(record(held), current, now()))) {
        return {
          isUncertain: current?.isOpen ?? false,
          ended: { ...record(ended), expected: held },
          // Does nothing when another request has taken the lock over meanwhile.
          release: async (isUncertain) => {
            await idempotency.compareAndSwap(record(isUncertain ? { ...held, untilMs: 0 } : ended), held, now());
          },
        };
      }
      await pause(Math.min(POLL_MS, Math.max(0, deadlineMs - performance.now())));
    }
    throw new KmsError('APIGW.0201:504', {
      cause: new Error('another request held the idempotency lock until the deadline'),
    });
  };
}

/** Whether the process certainly no longer exists. */
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
