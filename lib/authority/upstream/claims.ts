import { setTimeout as pause } from 'node:timers/promises';
import { KmsError } from '../../errors.ts';
import type { Once, SeenStore } from '../../store/store.ts';
import { ONCE_MS } from '../once.ts';

/** What is remembered of a change that was begun. */
interface Claim {
  /** By which request. */
  by: string;
  /** Whether it is not known to have ended. */
  isOpen: boolean;
  /** Until when its request may be at it; later, it has ended without an answer, or its process has died. */
  untilMs: number;
}

export interface Claimed {
  /** Whether an earlier request began it and never came to know how it ended. */
  isDoubtful: boolean;
  /** What is to be remembered with the event when it has ended well. */
  ended: Once;
  /** Gives the claim up; `isDoubtful`: it may have been done without an answer. */
  leave(isDoubtful: boolean): Promise<void>;
}

const LOOK_AGAIN_MS = 100;

/**
 * Prepares claims: of one change, one request is at it at a time, in whichever process. Whoever comes meanwhile waits.
 * @param now ms since 1970
 */
export function claims(seen: SeenStore, now: () => number) {
  /**
   * @param name equal for what is the same change
   * @param leftMs how long the request may go on
   * @throws KmsError APIGW.0201:504 when another is at it all that time
   */
  return async function claim(name: string, requestId: string, leftMs: number): Promise<Claimed> {
    const remembered = (claim: Claim): Once => ({ onceKey: name, answer: claim, expiresAtMs: now() + ONCE_MS });
    const untilMs = now() + leftMs;
    const mine = { by: requestId, isOpen: true, untilMs };
    const ended = { by: requestId, isOpen: false, untilMs: 0 };
    for (const endsAtMs = performance.now() + leftMs; performance.now() < endsAtMs; ) {
      const found = (await seen.firstAnswer(name, now()))?.answer as Claim | undefined;
      const isAnothers = found?.isOpen && found.untilMs > now();
      if (!isAnothers && (await seen.swap(remembered(mine), found, now()))) {
        return {
          isDoubtful: found?.isOpen ?? false,
          ended: remembered(ended),
          leave: (isDoubtful) => seen.remember(remembered(isDoubtful ? { ...mine, untilMs: 0 } : ended), now()),
        };
      }
      await pause(LOOK_AGAIN_MS);
    }
    throw new KmsError('APIGW.0201:504', { cause: new Error('the same change is under way in another process') });
  };
}
