/** How many commands and presses of one person are answered in a minute, by one process. */
const PER_MINUTE = 30;

const MINUTE_MS = 60_000;

/**
 * Returns a function that counts a command of a person, and returns whether it is within the limit. The counts are of
 * this process: the limit stops a bot that repeats itself, and protects nothing that rights do not protect.
 * @param now ms since 1970
 */
export function personLimit(now: () => number): (identity: string) => boolean {
  let minute = 0;
  const counts = new Map<string, number>();
  return (identity) => {
    const current = Math.floor(now() / MINUTE_MS);
    if (current !== minute) counts.clear();
    minute = current;
    const count = (counts.get(identity) ?? 0) + 1;
    counts.set(identity, count);
    return count <= PER_MINUTE;
  };
}
