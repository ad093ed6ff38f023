/** How late this process's own timers were, and so, on a machine that is too busy, those of all others. */
const EVERY_MS = 20;

export interface Lag {
  /** Of the time from `startMs` to `endMs` (Date.now), what the machine took for others. */
  between(startMs: number, endMs: number): number;
  stop(): void;
}

export function measureLag(): Lag {
  const pauses: { endMs: number; lateMs: number }[] = [];
  let lastMs = Date.now();
  const timer = setInterval(() => {
    const endMs = Date.now();
    const lateMs = endMs - lastMs - EVERY_MS;
    if (lateMs > EVERY_MS) pauses.push({ endMs, lateMs });
    lastMs = endMs;
  }, EVERY_MS);
  return {
    between: (startMs, endMs) =>
      pauses
        .filter((pause) => pause.endMs >= startMs && pause.endMs - pause.lateMs <= endMs)
        .reduce((sum, { lateMs }) => sum + lateMs, 0),
    stop: () => clearInterval(timer),
  };
}
