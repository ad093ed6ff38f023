import type { FaultProxy } from './proxy.ts';

/** The times at which calls were handed to the cloud, in order. */
export function arrivalsOf({ passages }: FaultProxy): number[] {
  return passages
    .flatMap(({ handedOnAtMs }) => (handedOnAtMs === undefined ? [] : [handedOnAtMs]))
    .toSorted((one, other) => one - other);
}

/** The shortest time in which one call more than `perSecond` arrived. */
export function shortestMs(proxy: FaultProxy, perSecond: number): number {
  const times = arrivalsOf(proxy);
  return times.slice(perSecond).reduce((least, time, n) => Math.min(least, time - (times[n] as number)), Infinity);
}
