import type { Session } from '../api/session.ts';

const CHECK_MS = 5_000;

/** Counts what the person does as use, ends the session when its time is over, and when the page goes. */
export function endSessionWithPage(session: Session): void {
  for (const type of ['pointerdown', 'keydown', 'wheel'])
    document.addEventListener(type, () => session.touch(), { passive: true, capture: true });
  setInterval(() => session.check(), CHECK_MS);
  document.addEventListener('visibilitychange', () => session.check());
  window.addEventListener('pagehide', () => session.end('signed-out'));
}
