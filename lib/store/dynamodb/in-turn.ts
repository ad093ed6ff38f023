/**
 * Runs work of one name one after the other, work of different names side by side. Changes to one key that this process
 * makes at once would only be in each other's way at the table.
 */
export function inTurn() {
  const last = new Map<string, Promise<unknown>>();
  return async function run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = last.get(name);
    const mine = before ? before.then(work, work) : work();
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
