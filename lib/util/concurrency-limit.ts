import { type ErrorCode, KmsError } from '../errors.ts';
import { networkOf } from './network-of.ts';

interface Limits {
  /** Concurrent work in total. */
  max: number;
  /** How many of these places only known callers get. */
  knownOnly: number;
  /** Concurrent work of one address, without that of known callers. */
  perAddressMax: number;
  /** Work that waits for a place, in total. */
  waitingMax: number;
  /** After this time without a place, work is refused. */
  waitMs: number;
  /** The code of the error when work is refused. */
  code: ErrorCode;
}

interface Waiter {
  admit(): void;
  refuse(): void;
}

/** Known callers have queues of their own. No address begins with it. */
const KNOWN = 'known ';
const isKnownQueue = (name: string) => name.startsWith(KNOWN);

/**
 * Limits work that unauthenticated callers cause, in total and per address, so that one address cannot use the whole
 * limit. Beyond a limit, work waits; addresses get places in turn. Known callers, whose credentials were valid a short
 * time ago, get every second place and half of the queue, and are limited only in total: neither somebody behind the
 * same proxy nor many networks together can shut them out.
 */
export function concurrencyLimit({ max, knownOnly, perAddressMax, waitingMax, waitMs, code }: Limits) {
  /** Work of unknown callers by network (`networkOf`). */
  const running = new Map<string, number>();
  let total = 0;
  let unknown = 0;
  /** By network, in the order of their turns. */
  const queues = new Map<string, Set<Waiter>>();
  /** Whether the last place that a waiter got went to a known caller. */
  let wasKnown = false;

  function mayStart(network: string): boolean {
    if (isKnownQueue(network)) return total < max;
    return total < max && unknown < max - knownOnly && (running.get(network) ?? 0) < perAddressMax;
  }

  /** @param change 1 when work starts, -1 when it ends */
  function count(network: string, change: 1 | -1): void {
    total += change;
    if (isKnownQueue(network)) return;
    unknown += change;
    const left = (running.get(network) ?? 0) + change;
    if (left > 0) running.set(network, left);
    else running.delete(network);
  }

  function startWaiting(): void {
    const networks = [...queues.keys()];
    const [known, others] = [networks.filter(isKnownQueue), networks.filter((name) => !isKnownQueue(name))];
    for (const network of wasKnown ? [...others, ...known] : [...known, ...others]) {
      const [first] = queues.get(network) ?? [];
      if (!first || !mayStart(network)) continue;
      first.admit();
      wasKnown = isKnownQueue(network);
      const queue = queues.get(network);
      // This address has had its turn, so it goes behind all others.
      if (queue && queues.delete(network)) queues.set(network, queue);
    }
  }

  /**
   * Makes room for a waiter of this network by refusing the newest one of the network that has the most. Known callers
   * have a right to one half of the queue and all others to the other half: who has less than that takes a place of
   * the others. Networks with equally many waiters take no place from each other, so waiting is not in vain.
   */
  function makeRoom(network: string): boolean {
    const sizes = { own: 0, other: 0 };
    const kindOf = (name: string) => (isKnownQueue(name) === isKnownQueue(network) ? 'own' : 'other');
    for (const [name, { size }] of queues) sizes[kindOf(name)] += size;
    if (sizes.own + sizes.other < waitingMax) return true;
    const giver = sizes.own < sizes.other ? 'other' : 'own';
    let largest: Set<Waiter> = new Set();
    for (const [name, queue] of queues) if (kindOf(name) === giver && queue.size >= largest.size) largest = queue;
    const newSize = (queues.get(network)?.size ?? 0) + 1;
    if (giver === 'own' && largest.size <= newSize) return false;
    [...largest].at(-1)?.refuse();
    return true;
  }

  function wait(network: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = () => {
        leave();
        reject(refusal());
      };
      const timer = setTimeout(refuse, waitMs);
      const leave = () => {
        clearTimeout(timer);
        queue.delete(waiter);
        if (queue.size === 0) queues.delete(network);
      };
      const admit = () => {
        leave();
        count(network, 1);
        resolve();
      };
      const waiter: Waiter = { admit, refuse };
      const queue = queues.get(network) ?? new Set();
      queues.set(network, queue.add(waiter));
    });
  }

  const refusal = () => new KmsError(code, { retryAfterSeconds: 1 });

  return {
    /**
     * Does the work as soon as there is a place.
     * @throws KmsError with `code` if there is none in time
     */
    async run<T>(address: string, isKnown: boolean, work: () => Promise<T>): Promise<T> {
      const network = isKnown ? KNOWN + networkOf(address) : networkOf(address);
      if (!queues.has(network) && mayStart(network)) count(network, 1);
      else if (makeRoom(network)) await wait(network);
      else throw refusal();
      try {
        return await work();
      } finally {
        count(network, -1);
        startWaiting();
      }
    },
  };
}
