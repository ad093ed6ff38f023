import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 5;

/** Waits until `isTrue` returns true. @throws Error after `limitMs` */
export async function until(isTrue: () => boolean, limitMs = 5_000): Promise<void> {
  const startMs = performance.now();
  while (!isTrue()) {
    if (performance.now() - startMs > limitMs) throw new Error(`still false after ${limitMs} ms: ${isTrue}`);
    await wait(POLL_MS);
  }
}
