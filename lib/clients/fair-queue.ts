/** A queue that takes one item of each caller in turn, so that a caller with many items does not delay the others. */
export class FairQueue<T> {
  readonly #byCaller = new Map<string, T[]>();

  push(caller: string, item: T): void {
    const items = this.#byCaller.get(caller);
    if (items) items.push(item);
    else this.#byCaller.set(caller, [item]);
  }

  /** Takes the next item out, and puts its caller at the end. */
  shift(): T | undefined {
    const [first] = this.#byCaller;
    if (!first) return undefined;
    const [caller, [item, ...rest]] = first;
    this.#byCaller.delete(caller);
    if (rest.length > 0) this.#byCaller.set(caller, rest);
    return item;
  }

  remove(caller: string, item: T): void {
    const rest = (this.#byCaller.get(caller) ?? []).filter((queued) => queued !== item);
    if (rest.length > 0) this.#byCaller.set(caller, rest);
    else this.#byCaller.delete(caller);
  }

  /** Returns how many items come before a new item of the caller. */
  countAhead(caller: string): number {
    const ownItems = this.#byCaller.get(caller)?.length ?? 0;
    let ahead = ownItems;
    for (const [other, items] of this.#byCaller) if (other !== caller) ahead += Math.min(items.length, ownItems + 1);
    return ahead;
  }

  get length(): number {
    return [...this.#byCaller.values()].reduce((sum, items) => sum + items.length, 0);
  }
}
