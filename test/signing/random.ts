/** Random material that is the same on every run. */
export interface Random {
  /** 0 to below 1. */
  next(): number;
  /** A whole number, 0 to below `n`. */
  below(n: number): number;
  oneOf<T>(values: readonly T[]): T;
  /** So many characters of the alphabet. */
  text(alphabet: readonly string[], length: number): string;
}

/** Mulberry32, a generator of 32 bits. */
export function randomFrom(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  const oneOf = <T>(values: readonly T[]) => values[below(values.length)] as T;
  const text = (alphabet: readonly string[], length: number) => Array.from({ length }, () => oneOf(alphabet)).join('');
  return { next, below, oneOf, text };
}
