import type { FaultProxy } from './proxy.ts';

/** Returns the times at which the proxy forwarded calls to the upstream, in order, ms by performance.now(). */
export function arrivalsOf({ proxiedCalls }: FaultProxy): number[] {
  return proxiedCalls
    .flatMap(({ forwardedAtMs }) => (forwardedAtMs === undefined ? [] : [forwardedAtMs]))
    .toSorted((one, other) => one - other);
}

/** Returns the shortest time in ms within which `perSecond` + 1 calls arrived. */
export function shortestMs(proxy: FaultProxy, perSecond: number): number {
  const times = arrivalsOf(proxy);
  return times.slice(perSecond).reduce((least, time, n) => Math.min(least, time - (times[n] as number)), Infinity);
}
