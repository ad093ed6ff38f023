import type { Leave } from './rate-limit.ts';

export interface Waiter {
  begin: (leave: Leave) => void;
}

/** Those who wait, one caller after the other in turn, so that one who asks for much keeps none from asking. */
export class FairQueue {
  readonly #byCaller = new Map<string, Waiter[]>();

  add(caller: string, waiter: Waiter): void {
    const own = this.#byCaller.get(caller);
    if (own) own.push(waiter);
    else this.#byCaller.set(caller, [waiter]);
  }

  remove(caller: string, waiter: Waiter): void {
    const left = (this.#byCaller.get(caller) ?? []).filter((one) => one !== waiter);
    if (left.length > 0) this.#byCaller.set(caller, left);
    else this.#byCaller.delete(caller);
  }

  next(): Waiter | undefined {
    const [turn] = this.#byCaller;
    const [caller, [waiter, ...left]] = turn ?? ['', []];
    this.#byCaller.delete(caller);
    if (left.length > 0) this.#byCaller.set(caller, left);
    return waiter;
  }

  /** How many go before a newcomer of the caller. */
  ahead(caller: string): number {
    const own = this.#byCaller.get(caller)?.length ?? 0;
    let ahead = own;
    for (const [other, waiting] of this.#byCaller) if (other !== caller) ahead += Math.min(waiting.length, own + 1);
    return ahead;
  }

  /** All who wait. */
  get length(): number {
    return [...this.#byCaller.values()].reduce((sum, waiting) => sum + waiting.length, 0);
  }
}
