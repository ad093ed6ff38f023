/** When a session ends: an hour after the sign-in, or after a quarter of an hour without use. Times in ms. */
export const LIFETIME_MS = 60 * 60 * 1000;
export const IDLE_MS = 15 * 60 * 1000;
/** How long before its end the session says so. WCAG 2.2.1 asks for at least 20 seconds. */
export const WARNING_MS = 60 * 1000;

export interface SessionClock {
  /** The person has used the page. */
  touch(): void;
  /** Why the session is over, or undefined while it lasts. */
  endedBy(): 'lifetime' | 'idle' | undefined;
  /** What ends the session soon, or undefined. */
  endsSoonBy(): 'lifetime' | 'idle' | undefined;
}

/** @param now ms since 1970; real time, so that the sleep of a computer counts */
export function sessionClock(now: () => number): SessionClock {
  const startedAtMs = now();
  let usedAtMs = startedAtMs;
  const reasonAt = (nowMs: number) => {
    if (nowMs >= startedAtMs + LIFETIME_MS) return 'lifetime';
    return nowMs >= usedAtMs + IDLE_MS ? 'idle' : undefined;
  };
  return {
    touch() {
      if (!reasonAt(now())) usedAtMs = now();
    },
    endedBy: () => reasonAt(now()),
    endsSoonBy: () => reasonAt(now() + WARNING_MS),
  };
}
