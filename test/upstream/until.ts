import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 5;

/** Asks again and again. @throws when it is still not so after `limitMs` */
export async function until(isSo: () => boolean, limitMs = 5_000): Promise<void> {
  const startMs = performance.now();
  while (!isSo()) {
    if (performance.now() - startMs > limitMs) throw new Error(`not so after ${limitMs} ms: ${isSo}`);
    await wait(POLL_MS);
  }
}
